import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { AGENT_BUNDLE, ENGINE_HOST, engine, engineMissing } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { Before } from '../support/nothing-left.js';

const RUNTIMES = [
  { name: 'process', env: { RUNTIME: 'process', AGENT_BUNDLE } },
  { name: 'docker', env: { RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST } },
] as const;

interface Shown {
  readonly index: number;
  readonly containerId: string;
  readonly containerName: string;
  readonly pid: number;
  readonly state: string;
  readonly error: { readonly code: string } | null;
}

describe.each(RUNTIMES)('an agent with several copies on the $name runtime', ({ name, env }) => {
  // Counted as skipped where no engine answers; the reason was printed.
  const isMissing = name === 'docker' && engineMissing !== null;
  const test = isMissing ? it.skip : it;
  let app: TestApp;
  let before: Before;

  beforeAll(async () => {
    if (isMissing) return;
    before = await Before.on();
    app = await TestApp.start({ ...env, MAX_REPLICAS: '4' });
  });

  afterAll(async () => {
    if (isMissing) return;
    await destroyAll(app);
    await before.expectNothingLeft(app);
    await app.stop();
  });

  const act = async (agent: TestAgent, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
    app.call(`${agent.path}/actions`, { method: 'POST', body, headers });

  const scale = async (agent: TestAgent, replicas: number): Promise<Answer> =>
    act(agent, { action: 'scale', replicas });

  const lifecycleOf = async (agent: TestAgent): Promise<any> => (await app.call(`${agent.path}/lifecycle`)).body;

  const replicasOf = async (agent: TestAgent): Promise<readonly Shown[]> => (await lifecycleOf(agent)).replicas;

  const containersOf = async ({ id }: TestAgent): Promise<string[]> => {
    const filters = { label: [`io.muster.instance=${id}`] };
    return (await engine.listContainers({ all: true, filters })).map(({ Id }) => Id).sort();
  };

  /** The private folders of all agents of this Muster. */
  const foldersOfAll = async (): Promise<string[]> => readdir(join(app.dataDir, 'run')).catch(() => []);

  const started = async (replicas: number): Promise<{ agent: TestAgent; shown: readonly Shown[] }> => {
    const agent = await agentOf(app);
    expect((await act(agent, { action: 'start' })).status).toBe(200);
    const scaled = await scale(agent, replicas);
    expect([scaled.status, scaled.body.desired.replicas, scaled.body.error]).toEqual([200, replicas, null]);
    return { agent, shown: scaled.body.replicas };
  };

  /** Each of them runs, and is healthy. */
  const areUp = async (agent: TestAgent, replicas: number): Promise<readonly Shown[]> => {
    const shown = await replicasOf(agent);
    const all = Array.from({ length: replicas }, (_, index) => ({
      index,
      state: 'running',
      health: 'healthy',
      error: null,
    }));
    expect(shown).toMatchObject(all);
    expect(shown).toHaveLength(replicas);
    for (const { pid } of shown) expect(() => process.kill(pid, 0)).not.toThrow();
    return shown;
  };

  test('is scaled up and down while it runs, and leaves nothing', async () => {
    const { agent, shown } = await started(3);
    expect(new Set(shown.map(({ containerId }) => containerId)).size).toBe(3);
    expect(new Set(shown.map(({ pid }) => pid)).size).toBe(3);
    expect((await areUp(agent, 3))[0]).toEqual(shown[0]);
    expect((await app.call(agent.path)).body.lifecycle).toMatchObject({
      state: 'running',
      desired: { replicas: 3 },
      replicas: shown.map(({ containerName, pid }) => ({ containerName, pid, state: 'running' })),
    });
    expect(await foldersOfAll()).toHaveLength(3);
    if (name === 'docker')
      expect(await containersOf(agent)).toEqual(shown.map(({ containerId }) => containerId).sort());

    const one = await scale(agent, 1);
    expect([one.status, one.body.replicas]).toEqual([200, [shown[0]]]);
    expect(await foldersOfAll()).toHaveLength(1);
    for (const { pid } of shown.slice(1)) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    if (name === 'docker') expect(await containersOf(agent)).toEqual([shown[0]!.containerId]);

    await scale(agent, 2);
    expect((await act(agent, { action: 'destroy' })).body).toMatchObject({ state: 'removed', replicas: [] });
    expect(await foldersOfAll()).toEqual([]);
    if (name === 'docker') expect(await containersOf(agent)).toEqual([]);
  });

  test('has each of them made up for that is killed by hand, and keeps the others', async () => {
    const { agent, shown } = await started(3);
    for (const index of [2, 0]) {
      const [kept, other] = shown.filter((one) => one.index === 1);
      expect(other).toBeUndefined();
      const before = (await replicasOf(agent))[index]!.pid;
      process.kill(before, 'SIGKILL');
      await eventually(async () => {
        expect((await areUp(agent, 3))[index]!.pid).not.toBe(before);
        // A check that was under way when it was killed has it unhealthy until the next one.
      }, 45_000);
      expect((await replicasOf(agent))[1]!.pid).toBe(kept!.pid);
    }
    const events = await app.call(`/audit/events?type=lifecycle.replica-transitioned&subject=${agent.id}&limit=200`);
    const changes = events.body.items as { data: { to: string; replica: number; reason: string } }[];
    const failed = changes.filter(({ data }) => data.to === 'failed');
    expect(failed.map(({ data }) => [data.replica, data.reason])).toEqual([[2, 'CONTAINER_EXITED']]);
    await act(agent, { action: 'destroy' });
  });

  test('is stopped, started and restarted as one, and keeps its number', async () => {
    const { agent, shown } = await started(2);
    expect((await act(agent, { action: 'stop' })).body).toMatchObject({
      state: 'stopped',
      replicas: [0, 1].map((index) => ({ index, state: 'stopped', pid: null })),
    });
    for (const { pid } of shown) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    const three = await scale(agent, 3);
    expect([three.status, three.body.replicas.length]).toEqual([200, 2]);
    expect((await act(agent, { action: 'start' })).status).toBe(200);
    const before = await areUp(agent, 3);
    expect((await act(agent, { action: 'restart' })).status).toBe(200);
    const after = await areUp(agent, 3);
    for (const [index, { pid }] of after.entries()) expect(pid).not.toBe(before[index]!.pid);
    await act(agent, { action: 'destroy' });
  });

  test('has the logs of each, and prompts answered by the one that was named', async () => {
    const { agent, shown } = await started(2);
    for (const { index } of shown) {
      await eventually(async () => {
        const { status, body } = await app.call(`${agent.path}/logs?replica=${index}`);
        expect([status, body.items.length > 0]).toEqual([200, true]);
      });
      const body = { type: 'prompt', input: 'Who are you?' };
      const answer = await app.call(`${agent.path}/runs?replica=${index}`, { method: 'POST', body });
      expect([answer.status, answer.body]).toMatchObject([200, { status: 'passed', replica: index }]);
    }
    for (const path of ['logs?replica=2', 'logs?replica=3&follow=true']) {
      expect([path, (await app.call(`${agent.path}/${path}`)).status]).toEqual([path, 404]);
    }
    const body = { type: 'prompt', input: 'Anybody?' };
    expect((await app.call(`${agent.path}/runs?replica=2`, { method: 'POST', body })).status).toBe(404);
    for (const wrong of ['-1', 'x', '1.5', '', '0&replica=1']) {
      const answer = await app.call(`${agent.path}/logs?replica=${wrong}`);
      expect([wrong, answer.status]).toEqual([wrong, wrong === '' ? 200 : 422]);
    }
    await act(agent, { action: 'destroy' });
  });

  if (name === 'docker')
    test('runs commands in, and measures, the one that was named', async () => {
      const { agent, shown } = await started(2);
      for (const { index, containerId } of shown) {
        const body = { type: 'exec', command: ['cat', '/etc/hostname'] };
        const answer = await app.call(`${agent.path}/runs?replica=${index}`, { method: 'POST', body });
        const { Config } = await engine.getContainer(containerId).inspect();
        expect(answer.body).toMatchObject({ status: 'passed', replica: index, stdout: `${Config.Hostname}\n` });
        expect((await app.call(`${agent.path}/stats?replica=${index}`)).body.memoryBytes).toBeGreaterThan(0);
      }
      expect((await app.call(`${agent.path}/stats?replica=2`)).status).toBe(404);
      const write = { type: 'exec', command: 'echo shared > of-one' };
      await app.call(`${agent.path}/runs?replica=1`, { method: 'POST', body: write });
      const read = await app.call(`${agent.path}/runs`, {
        method: 'POST',
        body: { type: 'exec', command: ['cat', 'of-one'] },
      });
      expect(read.body).toMatchObject({ status: 'passed', stdout: 'shared\n' });
      await act(agent, { action: 'destroy' });
    });

  if (name === 'docker')
    test('is put right where one of them is removed, stopped, or paused by hand', async () => {
      const { agent } = await started(3);
      const by = {
        remove: async (id: string) => engine.getContainer(id).remove({ force: true }),
        stop: async (id: string) => engine.getContainer(id).stop({ t: 1 }),
        pause: async (id: string) => engine.getContainer(id).pause(),
      };
      for (const [how, meddle] of Object.entries(by)) {
        const { containerId } = (await replicasOf(agent))[1]!;
        await meddle(containerId);
        await eventually(async () => {
          const shown = await areUp(agent, 3);
          const { State } = await engine.getContainer(shown[1]!.containerId).inspect();
          expect([how, State.Running, State.Paused]).toEqual([how, true, false]);
        });
      }
      expect(await containersOf(agent)).toHaveLength(3);
      await act(agent, { action: 'pause' });
      for (const id of await containersOf(agent)) {
        expect((await engine.getContainer(id).inspect()).State.Paused).toBe(true);
      }
      await act(agent, { action: 'resume' });
      await areUp(agent, 3);
      await act(agent, { action: 'disable' });
      expect(await containersOf(agent)).toEqual([]);
    });

  test('ends with the last number that was asked for, of twenty', async () => {
    const { agent } = await started(1);
    const asked = Array.from({ length: 20 }, (_, at) => ((at * 3) % 4) + 1);
    for (const replicas of asked) {
      const answer = await act(agent, { action: 'scale', replicas }, { prefer: 'respond-async' });
      expect(answer.status).toBe(202);
    }
    await eventually(async () => {
      expect(await lifecycleOf(agent)).toMatchObject({ state: 'running', observedGeneration: 22, retryAt: null });
      await areUp(agent, asked.at(-1)!);
    });
    if (name === 'docker') expect(await containersOf(agent)).toHaveLength(asked.at(-1)!);
    await act(agent, { action: 'destroy' });
  });

  test('tells who asked for another number that somebody asked for yet another', async () => {
    const { agent } = await started(1);
    const first = scale(agent, 4);
    await eventually(async () => {
      expect((await lifecycleOf(agent)).desired.replicas).toBe(4);
    });
    expect((await scale(agent, 1)).status).toBe(200);
    // It may have been there in time.
    expect([200, 409]).toContain((await first).status);
    await areUp(agent, 1);
    await act(agent, { action: 'destroy' });
  });

  test('is refused what there is no room for, before anything starts', async () => {
    const { agent, shown } = await started(1);
    const tenantId = (await app.call(agent.path)).body.tenantId as string;
    const limit = async (limits: object): Promise<number> =>
      (await app.call(`/tenants/${tenantId}/quota`, { method: 'PUT', body: limits })).status;
    const used = async (): Promise<number> => (await app.call('/quota')).body.replicas.used;
    await eventually(async () => {
      expect(await used()).toBe(1);
    });
    expect(await limit({ replicas: 2 })).toBe(200);
    const refused = await scale(agent, 3);
    expect([refused.status, refused.body]).toMatchObject([
      429,
      { code: 'QUOTA_EXCEEDED', details: { quota: 'replicas', limit: 2, used: 1, asked: 2, left: 1 } },
    ]);
    expect(await lifecycleOf(agent)).toMatchObject({ desired: { replicas: 1, generation: 2 }, replicas: shown });
    expect((await scale(agent, 2)).status).toBe(200);
    expect(await used()).toBe(2);
    expect((await scale(agent, 1)).status).toBe(200);
    await eventually(async () => {
      expect(await used()).toBe(1);
    });
    expect(await limit({})).toBe(200);
    await act(agent, { action: 'destroy' });
  });

  test('says what is wrong with a number', async () => {
    const agent = await agentOf(app);
    for (const replicas of [0, -1, 5, 1.5, '2', null, [2], {}, undefined]) {
      const answer = await act(agent, { action: 'scale', replicas });
      expect([replicas, answer.status, answer.body.errors?.[0]?.pointer]).toEqual([replicas, 422, '/replicas']);
    }
    const none = await scale(agent, 0);
    expect(none.body.errors[0].detail).toContain('use stop');
    expect((await scale(agent, 5)).body.errors[0].detail).toContain('from 1 to 4');
    expect((await act(agent, { action: 'start', replicas: 2 })).body.errors[0].pointer).toBe('/replicas');
    await act(agent, { action: 'disable' });
    expect((await scale(agent, 2)).body).toMatchObject({ status: 409, code: 'INVALID_TRANSITION' });
    await act(agent, { action: 'destroy' });
  });
});
