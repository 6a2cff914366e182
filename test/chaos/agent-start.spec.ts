import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeEngine, engine } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { SteppedMuster, type SteppedAgent, type Step } from '../support/stepped-muster.js';

const MOST_STEPS = 80;

/**
 * Starts an agent while the process is killed at its k-th step, for every k: at a database command, before it arrives or
 * after it was carried out, and at an engine call. Whatever happens, after the restart the agent is what was asked for, in
 * one container, the one that the document names; and there is no other.
 */
describeEngine('an agent start, killed at every step', () => {
  let muster: SteppedMuster;
  let template: string;

  beforeAll(async () => {
    muster = await SteppedMuster.start({ RUNTIME: 'docker' });
    const created = await muster.call('POST', '/templates', {
      name: 'starter',
      role: 'developer',
      soul: 'I start.',
      systemPrompt: 'Start.',
      config: { provider: 'echo', model: 'none' },
    });
    template = created.body.id;
  });

  afterAll(async () => {
    await muster.end();
  });

  /** Starts the agent, and kills Muster at step k of the kind. Resolves to whether it came to that many. */
  async function startKilledAt(step: number, kind: Step['kind'], agent: SteppedAgent): Promise<boolean> {
    const { killed } = await muster.killAt(
      step,
      (one) => one.kind === kind,
      () => muster.call('POST', `${agent.path}/actions`, { action: 'start' }, { prefer: 'wait=30' }),
    );
    return killed;
  }

  /** What was asked for is there, and nothing else. */
  async function check(agent: SteppedAgent): Promise<'running' | 'enabled'> {
    return eventually(async () => {
      const { body } = await muster.call('GET', agent.path);
      const found = await muster.containers(agent.id);
      expect(body.lifecycle.state).toBe(body.lifecycle.desired.state);
      if (body.lifecycle.state === 'running') {
        expect(found.map(({ Id }) => Id)).toEqual([body.lifecycle.containerId]);
        expect(found[0]!.State).toBe('running');
        expect(body.pid).toBe((await engine.getContainer(found[0]!.Id).inspect()).State.Pid);
      } else {
        expect(found).toEqual([]);
      }
      return body.lifecycle.state as 'running' | 'enabled';
    }, 30_000);
  }

  it.each(['before', 'after', 'engine call'] as const)(
    'ends with what was asked for and one container, when killed (%s)',
    async (kind) => {
      const outcomes: string[] = [];
      for (let step = 1; step <= MOST_STEPS; step += 1) {
        const agent = await muster.newAgent(`start ${kind} ${step}`, template);
        const killed = await startKilledAt(step, kind, agent);
        outcomes.push(await check(agent));
        await muster.call('DELETE', `/projects/${agent.projectId}`);
        if (!killed) break;
      }
      expect(outcomes.length).toBeGreaterThan(1);
      expect(outcomes.length).toBeLessThan(MOST_STEPS);
      expect(outcomes.at(-1)).toBe('running');
      await eventually(async () => {
        expect(await muster.containers()).toEqual([]);
      }, 60_000);
    },
    600_000,
  );
});
