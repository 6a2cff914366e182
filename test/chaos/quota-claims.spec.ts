import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ObjectId } from 'mongodb';
import { eventually } from '../support/eventually.js';
import { SteppedMuster, type Step } from '../support/stepped-muster.js';

const MOST_STEPS = 30;
const LIMIT = 2;
/** So many ask for what LIMIT of them can have. */
const ASKING = 4;
/** No claim waits for its write so long. */
const LONG_AGO = new Date(0);

/**
 * Several ask at once for more than there is, while Muster is killed after the k-th write of it, for every k: of the ledger of quotas, or of what
 * the claim is for. Nobody learns that it was carried out, and no other is. Whatever happens, right after the restart everything that is there is
 * counted, and no more than the limit is there; and what was claimed for nothing can be had again, all of it.
 */
describe('claims on quotas, killed at every step', () => {
  let muster: SteppedMuster;
  let template: string;

  beforeAll(async () => {
    muster = await SteppedMuster.start({ QUOTA_INSTANCES: '100', QUOTA_REPLICAS: String(LIMIT) });
    const { body } = await muster.call('POST', '/templates', {
      name: 'counted',
      role: 'developer',
      config: { provider: 'echo', model: 'none' },
    });
    template = body.id;
  });

  afterAll(async () => {
    await muster.end();
  });

  const collection = (name: string) => muster.database.db.collection(name);
  const ledger = async () => (await collection('quota_ledgers').findOne({}))!;
  const used = async (quota: 'instances' | 'replicas', path: string): Promise<number> =>
    (await muster.call('GET', `${path}/quota`)).body[quota].used as number;
  const statuses = (answers: readonly { readonly status: number }[], status: number): number =>
    answers.filter((answer) => answer.status === status).length;

  /** Claims whose process died are believed in for a while; the test has no time to wait for that at every step. */
  async function claimsAge(): Promise<void> {
    const { _id, held } = await ledger();
    const aged = Object.keys(held as object).map((key) => [`held.${key}.claimedAt`, LONG_AGO]);
    await collection('quota_ledgers').updateOne(
      { _id },
      { $inc: { version: 1 }, ...(aged.length === 0 ? {} : { $set: Object.fromEntries(aged) }) },
    );
  }

  const writes =
    (command: string, target: string) =>
    (step: Step): boolean =>
      step.kind === 'after' &&
      ((step.command.name === 'update' && step.command.collection === 'quota_ledgers') ||
        (step.command.name === command && step.command.collection === target));

  /** Whatever is there is counted, and what was claimed for nothing counts no longer than a claim may wait for its write. */
  async function expectCounted(counted: () => Promise<number>, there: () => Promise<number>): Promise<number> {
    const atOnce = await counted();
    const found = await there();
    expect(found).toBeLessThanOrEqual(atOnce);
    expect(atOnce).toBeLessThanOrEqual(LIMIT);
    await claimsAge();
    expect(await counted()).toBe(found);
    return found;
  }

  it('seats: nothing over the limit, and what was not taken is there for the next', async () => {
    let step = 1;
    for (; step <= MOST_STEPS; step += 1) {
      const { body: project } = await muster.call('POST', '/projects', { name: `seats ${step}`, roleAssignments: [] });
      const path = `/projects/${project.id}`;
      await muster.call('PUT', `${path}/quota`, { instances: LIMIT });
      const seat = () => muster.call('POST', `${path}/role-assignments`, { role: 'developer', templateId: template });
      const seats = async (): Promise<number> =>
        ((await muster.call('GET', path)).body.roleAssignments as unknown[]).length;
      const { killed } = await muster.killAt(step, writes('findAndModify', 'projects'), () =>
        Promise.all(Array.from({ length: ASKING }, seat)),
      );
      const there = await expectCounted(() => used('instances', path), seats);
      if (!killed) expect(there).toBe(LIMIT);
      const again = await Promise.all(Array.from({ length: ASKING }, seat));
      expect([statuses(again, 201), statuses(again, 429)]).toEqual([LIMIT - there, ASKING - LIMIT + there]);
      await muster.call('DELETE', path);
      if (!killed) break;
    }
    expect(step).toBeGreaterThan(3);
    expect(step).toBeLessThan(MOST_STEPS);
  }, 300_000);

  it('starts: nothing over the limit, and what was not taken is there for the next', async () => {
    let step = 1;
    for (; step <= MOST_STEPS; step += 1) {
      const { body: project } = await muster.call('POST', '/projects', {
        name: `starts ${step}`,
        roleAssignments: Array.from({ length: ASKING }, () => ({ role: 'developer', templateId: template })),
      });
      const ids = (project.roleAssignments as { instanceId: string }[]).map(({ instanceId }) => instanceId);
      const start = (id: string) =>
        muster.call(
          'POST',
          `/projects/${project.id}/agents/${id}/actions`,
          { action: 'start' },
          { prefer: 'respond-async' },
        );
      const wanted = async (): Promise<string[]> =>
        (
          await collection('agent_instances')
            .find({ _id: { $in: ids.map((id) => new ObjectId(id)) }, 'lifecycle.desired.state': 'running' })
            .toArray()
        ).map(({ _id }) => _id.toHexString());
      const { killed } = await muster.killAt(step, writes('findAndModify', 'agent_instances'), () =>
        Promise.all(ids.map(start)),
      );
      const there = await expectCounted(
        () => used('replicas', ''),
        async () => (await wanted()).length,
      );
      if (!killed) expect(there).toBe(LIMIT);
      const taken = new Set(await wanted());
      const again = await Promise.all(ids.filter((id) => !taken.has(id)).map(start));
      expect([statuses(again, 202), statuses(again, 429)]).toEqual([LIMIT - there, ASKING - LIMIT]);
      expect(await wanted()).toHaveLength(LIMIT);
      await muster.call('DELETE', `/projects/${project.id}`);
      await eventually(async () => {
        expect(await used('replicas', '')).toBe(0);
      });
      if (!killed) break;
    }
    expect(step).toBeGreaterThan(3);
    expect(step).toBeLessThan(MOST_STEPS);
  }, 300_000);

  it('holds nothing once all of it is gone', async () => {
    await eventually(async () => {
      // By a sweep, if not by what came to rest.
      expect((await ledger())['held']).toEqual({});
    }, 60_000);
  });
});
