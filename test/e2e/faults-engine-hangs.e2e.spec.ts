import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { describeEngine, engine, ENGINE_HOST } from '../support/engine.js';
import { Before } from '../support/nothing-left.js';
import { SteppingEngineProxy } from '../support/stepping-engine-proxy.js';

/** `cut`: the engine never hears of the call. `mute`: it does as asked, and nobody hears of that. Either way nothing is answered. */
type Fault = 'cut' | 'mute';

/** Which call is not answered, in which action, and what was done before. */
const CALLS = [
  ['create', [], 'start', 'running'],
  ['pause', ['start'], 'pause', 'paused'],
  ['unpause', ['start', 'pause'], 'resume', 'running'],
  ['stop', ['start'], 'stop', 'stopped'],
  ['start', ['start', 'stop'], 'start', 'running'],
  ['stop', ['start'], 'restart', 'running'],
  ['remove', ['start', 'stop'], 'disable', 'disabled'],
  ['remove', ['start'], 'destroy', 'removed'],
] as const;

/** As the engine's interface has it, by the container's id; what is to be made has its project in its name. */
const PATHS = {
  create: (id: string) => new RegExp(`^POST \\S*/containers/create\\?\\S*${id}`),
  start: (id: string) => new RegExp(`^POST \\S*/containers/${id}/start`),
  pause: (id: string) => new RegExp(`^POST \\S*/containers/${id}/pause`),
  unpause: (id: string) => new RegExp(`^POST \\S*/containers/${id}/unpause`),
  stop: (id: string) => new RegExp(`^POST \\S*/containers/${id}/stop`),
  remove: (id: string) => new RegExp(`^DELETE \\S*/containers/${id}\\b`),
};

describeEngine('an engine that stops answering in the middle of a call', () => {
  const socket = join(tmpdir(), `muster-hanging-${process.pid}.sock`);
  const armed = new Set<{ readonly call: RegExp; readonly fault: Fault }>();
  let proxy: SteppingEngineProxy;
  let before: Before;
  let app: TestApp;

  beforeAll(async () => {
    before = await Before.on();
    proxy = await SteppingEngineProxy.start(ENGINE_HOST, socket);
    proxy.watcher = (call) => {
      const fault = [...armed].find((each) => each.call.test(call));
      if (fault === undefined) return 'pass';
      armed.delete(fault);
      return fault.fault;
    };
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: proxy.host });
  });

  afterAll(async () => {
    await destroyAll(app);
    await before.expectNothingLeft(app);
  });

  afterAll(async () => {
    await app.stop();
    await proxy.stop();
    await rm(socket, { force: true });
  });

  const act = async ({ path }: TestAgent, action: string): Promise<Answer> =>
    app.call(`${path}/actions`, { method: 'POST', body: { action }, headers: { prefer: 'wait=90' } });
  const containersOf = async ({ id }: TestAgent): Promise<string[]> =>
    (await engine.listContainers({ all: true, filters: { label: [`io.muster.instance=${id}`] } })).map(({ Id }) => Id);

  /** A new agent is brought so far, then the action's call is not answered, once. */
  const through = async ([name, before, action]: (typeof CALLS)[number], fault: Fault): Promise<TestAgent> => {
    const agent = await agentOf(app);
    for (const step of before) expect([step, (await act(agent, step)).status]).toEqual([step, 200]);
    const { containerId } = (await app.call(agent.path)).body.lifecycle;
    const { slug } = (await app.call(`/projects/${agent.projectId}`)).body;
    const call = { call: PATHS[name]((containerId ?? slug) as string), fault };
    armed.add(call);
    const answer = await act(agent, action);
    expect([name, fault, action, answer.status, answer.body.detail]).toEqual([name, fault, action, 200, undefined]);
    expect(armed.has(call)).toBe(false);
    return agent;
  };

  it.each(['cut', 'mute'] as const)(
    'has every action reach what was asked for, with one container and nothing beside (%s)',
    async (fault) => {
      const agents = await Promise.all(CALLS.map((call) => through(call, fault)));
      for (const [index, agent] of agents.entries()) {
        const [name, , action, state] = CALLS[index]!;
        const found = await containersOf(agent);
        if (state === 'removed' || state === 'disabled') {
          expect([name, action, found]).toEqual([name, action, []]);
          continue;
        }
        const { lifecycle } = (await app.call(agent.path)).body;
        expect([name, action, lifecycle.state, lifecycle.error]).toEqual([name, action, state, null]);
        expect(found).toEqual([lifecycle.containerId]);
      }
    },
  );
});
