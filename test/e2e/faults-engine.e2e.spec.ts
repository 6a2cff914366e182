import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { describeEngine, engine, ENGINE_HOST } from '../support/engine.js';
import { EngineProxy } from '../support/engine-proxy.js';
import { eventually } from '../support/eventually.js';
import { Before } from '../support/nothing-left.js';

const act = async (app: TestApp, agent: TestAgent, action: string, prefer = 'wait=30'): Promise<Answer> =>
  app.call(`${agent.path}/actions`, { method: 'POST', body: { action }, headers: { prefer } });

const stateOf = async (app: TestApp, agent: TestAgent): Promise<any> =>
  (await app.call(`${agent.path}/lifecycle`)).body;

const runtimeCheck = async (app: TestApp): Promise<{ status: number; runtime: { status: string; detail: string } }> => {
  const { status, body } = await app.call('//readyz', { key: null });
  const checks = body.checks as { name: string; status: string; detail: string }[];
  return { status, runtime: checks.find(({ name }) => name === 'runtime')! };
};

/** Ids of the containers that an agent has on the engine, running or not. */
const containersOf = async ({ id }: TestAgent): Promise<string[]> =>
  (await engine.listContainers({ all: true, filters: { label: [`io.muster.instance=${id}`] } })).map(({ Id }) => Id);

describeEngine('an engine that is not there', () => {
  const proxy = new EngineProxy();
  let before: Before;
  let app: TestApp;
  const agents: TestAgent[] = [];

  beforeAll(async () => {
    before = await Before.on();
    // Nothing is at this address yet.
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: proxy.host });
  });

  afterAll(async () => {
    await destroyAll(app);
    await before.expectNothingLeft(app);
  });

  afterAll(async () => {
    await app.stop();
    await proxy.cut();
  });

  const newAgent = async (): Promise<TestAgent> => {
    const agent = await agentOf(app);
    agents.push(agent);
    return agent;
  };

  it('keeps nobody from starting Muster, is told by /readyz, and by each agent that waits for it', async () => {
    expect((await app.call('//healthz', { key: null })).status).toBe(200);
    expect(await runtimeCheck(app)).toMatchObject({
      status: 503,
      runtime: { status: 'unavailable', detail: 'RUNTIME_UNAVAILABLE: No container engine answers' },
    });
    const agent = await newAgent();
    const asked = await act(app, agent, 'start', 'wait=2');
    expect(asked).toMatchObject({ status: 202, body: { desired: { state: 'running' }, containerId: null } });
    await eventually(async () => {
      expect(await stateOf(app, agent)).toMatchObject({
        state: 'creating',
        error: {
          code: 'RUNTIME_UNAVAILABLE',
          message: expect.any(String),
          recovery: expect.stringContaining('DOCKER_HOST'),
        },
      });
    });
    const prompted = await app.call(`${agent.path}/runs`, { method: 'POST', body: { type: 'prompt', input: 'Hi' } });
    expect([prompted.status, prompted.body.code]).toEqual([409, 'AGENT_NOT_RUNNING']);
    expect((await app.call(`${agent.path}/runs`)).body.items).toEqual([]);
    expect((await app.call(`${agent.path}/logs`)).body).toEqual({ items: [], truncated: false });
  });

  it('is used as soon as it is there, without anybody asking again', async () => {
    const [agent] = agents as [TestAgent];
    await proxy.open();
    await eventually(async () => {
      expect(await stateOf(app, agent)).toMatchObject({ state: 'running', error: null });
    });
    expect(await runtimeCheck(app)).toMatchObject({ status: 200, runtime: { status: 'ok' } });
    expect(await containersOf(agent)).toEqual([(await stateOf(app, agent)).containerId]);
  });

  it('that goes away leaves the agents at work, and what is asked meanwhile is done when it is back', async () => {
    const [agent] = agents as [TestAgent];
    const before = await stateOf(app, agent);
    await proxy.cut();
    expect((await runtimeCheck(app)).status).toBe(503);
    await eventually(async () => {
      expect(await stateOf(app, agent)).toMatchObject({
        state: 'running',
        pid: before.pid,
        error: { code: 'RUNTIME_UNAVAILABLE' },
      });
    });
    const run = await app.call(`${agent.path}/runs`, {
      method: 'POST',
      body: { type: 'prompt', input: 'Still there?' },
    });
    expect(run).toMatchObject({ status: 200, body: { status: 'passed' } });
    expect((await app.call(`${agent.path}/logs`)).body).toMatchObject({ status: 503, code: 'RUNTIME_UNAVAILABLE' });
    const asked = await act(app, agent, 'restart', 'wait=1');
    expect(asked.status).toBe(202);

    await proxy.open();
    await eventually(async () => {
      const now = await stateOf(app, agent);
      expect(now).toMatchObject({ state: 'running', error: null, observedGeneration: asked.body.desired.generation });
      expect(now.pid).not.toBe(before.pid);
    });
    expect(await containersOf(agent)).toHaveLength(1);
  });

  it.each([0, 20, 60, 120, 200, 300])(
    'that goes away %i ms into a start leaves one container at the end',
    async (after) => {
      const agent = await newAgent();
      await act(app, agent, 'start', 'respond-async');
      await new Promise((resolve) => setTimeout(resolve, after));
      await proxy.cut();
      expect((await app.call(agent.path)).status).toBe(200);
      await proxy.open();
      await eventually(async () => {
        expect(await stateOf(app, agent)).toMatchObject({ state: 'running', error: null });
      }, 40_000);
      expect(await containersOf(agent)).toEqual([(await stateOf(app, agent)).containerId]);
      const run = await app.call(`${agent.path}/runs`, { method: 'POST', body: { type: 'prompt', input: 'There?' } });
      expect(run.body).toMatchObject({ status: 'passed' });
      expect((await act(app, agent, 'destroy')).status).toBe(200);
      expect(await containersOf(agent)).toEqual([]);
    },
  );
});

describeEngine('two Musters on one engine', () => {
  const apps: TestApp[] = [];
  let before: Before;

  beforeEach(async () => {
    before = await Before.on();
  });

  afterEach(async () => {
    for (const app of apps.splice(0)) {
      await destroyAll(app);
      await before.expectNothingLeft(app);
      await app.stop();
    }
  });

  const start = async (): Promise<TestApp> => {
    const app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST });
    apps.push(app);
    return app;
  };

  it("leave each other's containers alone, whatever they do with their own", async () => {
    const one = await start();
    const mine = await agentOf(one);
    expect((await act(one, mine, 'start')).status).toBe(200);
    const before = await stateOf(one, mine);
    const untouched = await engine.getContainer(before.containerId as string).inspect();

    // The other one starts, compares itself with the engine, and does everything it can with an agent of its own.
    const other = await start();
    const theirs = await agentOf(other);
    for (const action of ['start', 'restart', 'pause', 'resume', 'stop', 'start']) {
      expect([action, (await act(other, theirs, action)).status]).toEqual([action, 200]);
    }
    const labelsOf = async (id: string): Promise<string | undefined> =>
      (await engine.getContainer(id).inspect()).Config.Labels['io.muster.installation'];
    const [foreign] = await containersOf(theirs);
    expect(await labelsOf(foreign!)).not.toBe(await labelsOf(before.containerId as string));
    expect(await containersOf(mine)).toEqual([before.containerId]);
    expect(await containersOf(theirs)).toHaveLength(1);
    expect((await act(other, theirs, 'destroy')).status).toBe(200);
    expect(await containersOf(theirs)).toEqual([]);

    expect(await stateOf(one, mine)).toMatchObject({
      state: 'running',
      pid: before.pid,
      containerId: before.containerId,
      desired: before.desired,
    });
    expect((await engine.getContainer(before.containerId as string).inspect()).State).toEqual(untouched.State);
  });

  it('have containers of different names for agents of the same name', async () => {
    const [one, other] = [await start(), await start()];
    const seats = async (app: TestApp): Promise<TestAgent> => {
      const template = await app.call('/templates', {
        method: 'POST',
        body: { name: 'twin', role: 'developer', config: { provider: 'echo', model: 'any' } },
      });
      const roleAssignments = [{ role: 'developer', templateId: template.body.id }];
      const { body } = await app.call('/projects', { method: 'POST', body: { name: 'twins', roleAssignments } });
      const id = body.roleAssignments[0].instanceId as string;
      return { projectId: body.id, id, path: `/projects/${body.id}/agents/${id}` };
    };
    const [mine, theirs] = [await seats(one), await seats(other)];
    const started = await Promise.all([act(one, mine, 'start'), act(other, theirs, 'start')]);
    expect(started.map(({ status }) => status)).toEqual([200, 200]);
    const names = started.map(({ body }) => body.containerName as string);
    expect(names.map((name) => name.replace(/_[0-9a-f]{8}$/, ''))).toEqual(Array(2).fill('muster_twins_twins-dev-1'));
    expect(names[0]).not.toBe(names[1]);
  });
});
