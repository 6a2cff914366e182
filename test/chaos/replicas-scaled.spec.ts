import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AGENT_IMAGE, describeEngine } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { SteppedMuster, type Step, type SteppedAgent } from '../support/stepped-muster.js';

/** Steps of several replicas meet in another order each time: what is looked at are points all over the way, not each step of it. */
const KILLED_AT = [1, 2, 4, 7, 12, 18, 26, 36, 48];

/**
 * Scales an agent while Muster is killed at the k-th step of that: a write to the agent's document, before it arrives or after it was
 * carried out, or a call to the engine. Whatever happens, there are as many containers as replicas were asked for, one for each.
 */
describeEngine('a scale, killed on its way', () => {
  let muster: SteppedMuster;
  let template: string;

  beforeAll(async () => {
    muster = await SteppedMuster.start({ RUNTIME: 'docker', AGENT_IMAGE });
    const created = await muster.call('POST', '/templates', {
      name: 'scaled',
      role: 'developer',
      config: { provider: 'echo', model: 'none' },
    });
    template = created.body.id;
  });

  afterAll(async () => {
    await muster.end();
  });

  const act = ({ path }: SteppedAgent, body: object) =>
    muster.call('POST', `${path}/actions`, body, { prefer: 'wait=60' });

  const counts = (step: Step): boolean =>
    step.kind === 'engine call' ||
    (step.command.name === 'findAndModify' && step.command.collection === 'agent_instances');

  /** Each replica runs in the one container that is on record for it, and there is no other. */
  async function check(agent: SteppedAgent, replicas: number): Promise<readonly string[]> {
    return eventually(async () => {
      const { body } = await muster.call('GET', `${agent.path}/lifecycle`);
      const shown = body.replicas as { index: number; state: string; containerId: string }[];
      const indexes = Array.from({ length: replicas }, (_, index) => index);
      expect(shown.map(({ index, state }) => [index, state])).toEqual(indexes.map((index) => [index, 'running']));
      expect([body.observedGeneration, body.error]).toEqual([body.desired.generation, null]);
      const there = await muster.containers(agent.id);
      expect(there.map(({ Id, State, Labels }) => `${Labels['io.muster.replica']} ${Id} ${State}`).sort()).toEqual(
        shown.map(({ index, containerId }) => `${index} ${containerId} running`).sort(),
      );
      return shown.map(({ containerId }) => containerId);
    }, 60_000);
  }

  it('leaves exactly as many containers as were asked for, up and down', async () => {
    let wasDone = false;
    for (const step of KILLED_AT) {
      const agent = await muster.newAgent(`scaled ${step}`, template);
      expect(await act(agent, { action: 'start' })).toMatchObject({ status: 200 });
      const [first] = await check(agent, 1);
      const up = await muster.killAt(step, counts, () => act(agent, { action: 'scale', replicas: 4 }));
      if (!up.killed) expect(up.answer).toMatchObject({ status: 200 });
      // Killed before the request was written, nobody has asked.
      if (up.killed) await act(agent, { action: 'scale', replicas: 4 });
      expect((await check(agent, 4))[0]).toBe(first);
      const down = await muster.killAt(step, counts, () => act(agent, { action: 'scale', replicas: 1 }));
      if (down.killed) await act(agent, { action: 'scale', replicas: 1 });
      expect(await check(agent, 1)).toEqual([first]);
      expect((await act(agent, { action: 'destroy' })).status).toBe(200);
      expect(await muster.containers(agent.id)).toEqual([]);
      wasDone = !up.killed && !down.killed;
      if (wasDone) break;
    }
    expect(wasDone).toBe(true);
  }, 900_000);
});
