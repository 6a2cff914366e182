import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { AGENT_IMAGE, describeEngine, engine } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { runInside } from '../support/inside-container.js';
import { SteppedMuster, type Step, type SteppedAgent } from '../support/stepped-muster.js';

const MOST_STEPS = 40;

interface Warm {
  readonly memberId: string;
  readonly containerId: string;
}

/**
 * Starts an agent that a warm container waits for, while Muster is killed at the k-th step from the claim on, for every k: a database
 * command, before it arrives and after it was carried out, or a call to the engine. Whatever happens, the agent runs in the container that
 * it claimed, started once, with its workspace; and of containers, folders, leases and documents there is what belongs to it and to the one that
 * waits for the next, and nothing else.
 */
describeEngine('a warm claim, killed at every step', () => {
  let muster: SteppedMuster;
  let template: string;
  const given = new Set<string>();
  const goneAgents = new Set<string>();

  beforeAll(async () => {
    muster = await SteppedMuster.start({ RUNTIME: 'docker', AGENT_IMAGE, POOL_SIZE: '1', POOL_MAX: '1' });
    const created = await muster.call('POST', '/templates', {
      name: 'warm',
      role: 'developer',
      config: { provider: 'echo', model: 'none' },
    });
    template = created.body.id;
    // The pool learns from a first start what is asked for.
    const first = await muster.newAgent('cold', template);
    expect(await start(first)).toMatchObject({ status: 200, body: { state: 'running' } });
    await gone(first);
  });

  afterAll(async () => {
    await muster.end();
  });

  const start = ({ path }: SteppedAgent) =>
    muster.call('POST', `${path}/actions`, { action: 'start' }, { prefer: 'wait=60' });
  const members = () => muster.database.db.collection('pool_containers').find().toArray();
  const namesIn = async (...folder: string[]): Promise<string[]> =>
    (await readdir(join(muster.dataDir, ...folder)).catch(() => [])).sort();

  /** The one that waits; there is nothing else of the pool, and no agent's container or folder beside these. */
  async function waiting(...agents: { readonly id: string; readonly containerId: string }[]): Promise<Warm> {
    return eventually(async () => {
      // Claims of agents that are gone are ended by the next resync, which the last test waits for.
      const all = (await members()).filter(({ claimedBy }) => claimedBy === null || !goneAgents.has(String(claimedBy)));
      const ready = all.filter(({ state }) => state === 'ready');
      const claimed = all.filter(({ state }) => state === 'claimed');
      expect([all.length, ready.length]).toEqual([agents.length + 1, 1]);
      expect(claimed.map(({ claimedBy, containerId }) => [String(claimedBy), containerId])).toEqual(
        agents.map(({ id, containerId }) => [id, containerId]),
      );
      const memberId = String(ready[0]!._id);
      const containerId = ready[0]!['containerId'] as string;
      const ids = [containerId, ...agents.map((one) => one.containerId)];
      expect((await muster.containers()).map(({ Id, State }) => `${Id} ${State}`).sort()).toEqual(
        ids.map((id) => `${id} running`).sort(),
      );
      expect(await namesIn('artifacts', 'pool')).toEqual([memberId]);
      const places = await namesIn('run');
      expect(places.filter((name) => name.startsWith('pool-'))).toEqual([`pool-${memberId}`]);
      expect(places).toHaveLength(agents.length + 1);
      const leased = { 'lifecycle.lease.until': { $gt: new Date() }, removedAt: null };
      expect(await muster.database.db.collection('agent_instances').countDocuments(leased)).toBe(0);
      return { memberId, containerId };
    }, 40_000);
  }

  /** It runs in the container that waited for it, which started once and has its workspace. */
  async function check(agent: SteppedAgent, { containerId, memberId }: Warm): Promise<void> {
    const pid = await eventually(async () => {
      const { lifecycle, pid } = (await muster.call('GET', agent.path)).body;
      expect([lifecycle.state, lifecycle.error]).toEqual(['running', null]);
      expect(lifecycle.containerId).toBe(containerId);
      return pid as number;
    }, 40_000);
    expect(given.has(containerId)).toBe(false);
    given.add(containerId);
    const { State, RestartCount } = await engine.getContainer(containerId).inspect();
    const member = (await members()).find(({ _id }) => String(_id) === memberId)!;
    expect([State.Pid, RestartCount, new Date(State.StartedAt)]).toEqual([pid, 0, member['startedAt']]);
    await waiting({ id: agent.id, containerId });
    const run = await muster.call('POST', `${agent.path}/runs`, { type: 'prompt', input: 'Who are you?' });
    expect(run.body).toMatchObject({ status: 'passed' });
    // What it writes is where Muster looks for it.
    expect(await runInside(containerId, ['touch', '/workspace/mine'])).toEqual({ code: 0, said: '' });
    expect(await namesIn('artifacts', agent.projectId, 'workspaces', agent.id)).toContain('mine');
  }

  async function gone(agent: SteppedAgent): Promise<Warm> {
    await muster.call('DELETE', `/projects/${agent.projectId}`);
    goneAgents.add(agent.id);
    const next = await waiting();
    expect(await namesIn('artifacts', agent.projectId, 'workspaces')).toEqual([]);
    return next;
  }

  /** From the claim on: what changes anything of it. Before a read it is as after the change before it; the log's updates come any time. */
  const fromTheClaim = (): ((step: Step) => boolean) => {
    let hasBegun = false;
    return (step) => {
      if (step.kind === 'engine call') return hasBegun;
      const { name, collection } = step.command;
      if (name !== 'findAndModify') return false;
      hasBegun ||= collection === 'pool_containers';
      return hasBegun && ['pool_containers', 'agent_instances'].includes(collection);
    };
  };

  it('ends with the agent in the container that it claimed, and with nothing beside', async () => {
    let warm = await waiting();
    let step = 1;
    for (; step <= MOST_STEPS; step += 1) {
      const agent = await muster.newAgent(`warm ${step}`, template);
      const { killed, answer } = await muster.killAt(step, fromTheClaim(), () => start(agent));
      if (!killed) expect(answer).toMatchObject({ status: 200, body: { state: 'running' } });
      await check(agent, warm);
      warm = await gone(agent);
      if (!killed) break;
    }
    expect(step).toBeGreaterThan(5);
    expect(step).toBeLessThan(MOST_STEPS);
  }, 600_000);

  it('between the two folders that it hands over, too', async () => {
    const warm = await waiting();
    const agent = await muster.newAgent('between', template);
    const workspace = join(muster.dataDir, 'artifacts', agent.projectId, 'workspaces', agent.id);
    const counts = fromTheClaim();
    const { killed } = await muster.killAt(
      2,
      counts,
      () => start(agent),
      () => rename(join(muster.dataDir, 'artifacts', 'pool', warm.memberId), workspace),
    );
    expect(killed).toBe(true);
    await check(agent, warm);
    await gone(agent);
  });

  it('and the claims of agents that are gone are forgotten', async () => {
    // A Muster that starts compares everything at once.
    await muster.restart();
    await eventually(async () => {
      expect((await members()).map(({ state }) => state as string)).toEqual(['ready']);
    }, 60_000);
  });
});
