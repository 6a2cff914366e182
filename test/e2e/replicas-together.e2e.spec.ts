import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { ADMIN_KEY, TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { AGENT_IMAGE, describeEngine, ENGINE_HOST, engine } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { Before } from '../support/nothing-left.js';
import { TerminalClient } from '../support/terminal-client.js';

const BEARER = { authorization: `Bearer ${ADMIN_KEY}` };

interface Shown {
  readonly index: number;
  readonly state: string;
  readonly containerId: string;
  readonly containerName: string;
  readonly error: { readonly code: string } | null;
}

describeEngine('five copies of an agent', () => {
  let app: TestApp;
  let before: Before;
  let agent: TestAgent;

  beforeAll(async () => {
    before = await Before.on();
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST, MAX_REPLICAS: '6' });
    agent = await agentOf(app);
    expect((await act({ action: 'start' })).status).toBe(200);
  });

  afterAll(async () => {
    await destroyAll(app);
    await before.expectNothingLeft(app);
    await app.stop();
  });

  const act = async (body: object): Promise<Answer> =>
    app.call(`${agent.path}/actions`, { method: 'POST', body, headers: { prefer: 'wait=120' } });
  const scale = async (replicas: number): Promise<Answer> => act({ action: 'scale', replicas });
  const shown = async (): Promise<readonly Shown[]> => (await app.call(`${agent.path}/lifecycle`)).body.replicas;
  const states = async (): Promise<string[]> => (await shown()).map(({ state }) => state);
  const run = async (replica: number, command: string[]): Promise<Answer> =>
    app.call(`${agent.path}/runs?replica=${replica}`, { method: 'POST', body: { type: 'exec', command } });
  const hostnameOf = async ({ containerId }: Shown): Promise<string> =>
    (await engine.getContainer(containerId).inspect()).Config.Hostname;

  /** What became of the others, in the order of the log. */
  const changes = async (): Promise<string[]> => {
    const { body } = await app.call(`/audit/events?type=lifecycle.replica-transitioned&subject=${agent.id}&limit=200`);
    const items = body.items as { seq: number; data: { replica: number; to: string } }[];
    return items.sort((a, b) => a.seq - b.seq).map(({ data }) => `${data.replica}:${data.to}`);
  };

  it('come up together, and go together', async () => {
    const up = await scale(5);
    expect([up.status, up.body.error]).toEqual([200, null]);
    expect(await states()).toEqual(Array(5).fill('running'));
    const log = await eventually(async () => {
      const all = await changes();
      expect(all).toHaveLength(12);
      return all;
    });
    // All of them were on their way before the first of them was there.
    expect(log.slice(0, 4).sort()).toEqual([1, 2, 3, 4].map((replica) => `${replica}:creating`));
    expect((await scale(1)).status).toBe(200);
    await eventually(async () => {
      const down = (await changes()).slice(12);
      expect(down).toHaveLength(8);
      expect(down.slice(0, 4).sort()).toEqual([1, 2, 3, 4].map((replica) => `${replica}:removing`));
    });
  });

  it('run where one of them cannot start, and that one is told of where it is asked for', async () => {
    await scale(3);
    const name = (await shown())[2]!.containerName;
    await scale(1);
    const squatter = await engine.createContainer({ name, Image: AGENT_IMAGE });
    try {
      const failed = await scale(5);
      expect(failed.body).toMatchObject({ code: 'CONTAINER_NAME_CONFLICT' });
      await eventually(async () => {
        expect(await states()).toEqual(['running', 'running', 'failed', 'running', 'running']);
      });
      const { state, error } = (await app.call(`${agent.path}/lifecycle`)).body;
      expect([state, error.code]).toEqual(['running', 'CONTAINER_NAME_CONFLICT']);
      const expected = { status: 409, code: 'AGENT_NOT_RUNNING', details: { replica: 2, state: 'failed' } };
      expect((await run(2, ['true'])).body).toMatchObject(expected);
      const terminal = { method: 'POST', body: { cols: 80, rows: 24 } } as const;
      expect((await app.call(`${agent.path}/terminals?replica=2`, terminal)).body).toMatchObject(expected);
      expect((await app.call(`${agent.path}/stats?replica=2`)).body).toMatchObject(expected);
      expect((await app.call(`${agent.path}/terminals?replica=5`, terminal)).status).toBe(404);
      expect((await run(5, ['true'])).status).toBe(404);
    } finally {
      await squatter.remove({ force: true });
    }
    expect((await scale(5)).status).toBe(200);
    expect(await states()).toEqual(Array(5).fill('running'));
  });

  it('have commands, logs, stats and terminals of the one that is named', async () => {
    const third = (await shown())[3]!;
    const hostname = await hostnameOf(third);
    expect((await run(3, ['cat', '/etc/hostname'])).body).toMatchObject({
      status: 'passed',
      replica: 3,
      stdout: `${hostname}\n`,
    });
    expect((await app.call(`${agent.path}/stats?replica=3`)).body.memoryBytes).toBeGreaterThan(0);
    await eventually(async () => {
      expect((await app.call(`${agent.path}/logs?replica=3`)).body.items.length).toBeGreaterThan(0);
    });
    const made = await app.call(`${agent.path}/terminals?replica=3`, { method: 'POST', body: { cols: 80, rows: 24 } });
    expect([made.status, made.body.replica]).toEqual([201, 3]);
    const client = await TerminalClient.connect(app.url, made.body.path as string, BEARER);
    if (!(client instanceof TerminalClient)) throw new Error(JSON.stringify(client));
    client.type('cat /etc/hostname; exit 0\r');
    await client.sees(new RegExp(`${hostname}\\r\\n`));
    await client.ends();
    await eventually(async () => {
      const { body } = await app.call(`${agent.path}/terminals/${made.body.id}`);
      expect(body).toMatchObject({ state: 'ended', replica: 3, exitCode: 0 });
    });
  });
});
