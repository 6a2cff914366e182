import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId, type AgentInstanceId } from '../../../domain/ids.js';
import type { LeaseTerms, Requested } from '../../../domain/lifecycle/lifecycle-records.js';
import { EarlyLeases } from './early-leases.js';

const TERMS: LeaseTerms = { owner: 'here', ttlMs: 1000 };
const ROOM = 2;

describe(EarlyLeases, () => {
  let sut: EarlyLeases;

  beforeEach(() => {
    sut = new EarlyLeases();
    sut.servedBy((_, promised) => (promised < ROOM ? TERMS : null));
  });

  /** A request's write, which gets the lease when it asks for it. */
  const write =
    (id: AgentInstanceId) =>
    async (terms: LeaseTerms | null): Promise<Requested> =>
      Promise.resolve({
        instance: { id },
        event: { id },
        lease: terms === null ? null : { id, owner: terms.owner, epoch: 1 },
      } as unknown as Requested);

  it('asks for no lease while nobody serves', async () => {
    const id = newId<AgentInstanceId>();
    sut = new EarlyLeases();
    await sut.with(id, write(id));
    expect(sut.take(id)).toBeNull();
  });

  it('keeps a lease until it is taken, once', async () => {
    const id = newId<AgentInstanceId>();
    const before = performance.now();
    const changed = await sut.with(id, write(id));
    expect(changed).toEqual({ instance: { id }, event: { id } });
    const taken = sut.take(id);
    expect(taken).toMatchObject({ lease: { id, owner: 'here', epoch: 1 }, instance: { id } });
    expect(taken!.takenAt).toBeGreaterThanOrEqual(before);
    expect(sut.take(id)).toBeNull();
  });

  it('keeps none that somebody else has', async () => {
    const id = newId<AgentInstanceId>();
    await sut.with(id, async () => ({ ...(await write(id)(null)), lease: null }));
    expect(sut.take(id)).toBeNull();
  });

  it('asks for no more than are begun with at once, also of many at the same time', async () => {
    const ids = Array.from({ length: 10 }, () => newId<AgentInstanceId>());
    await Promise.all(ids.map(async (id) => sut.with(id, write(id))));
    expect(sut.takeAll()).toHaveLength(ROOM);
    expect(sut.takeAll()).toHaveLength(0);
    await sut.with(ids[0]!, write(ids[0]!));
    expect(sut.take(ids[0]!)).not.toBeNull();
  });

  it('gives the place of a request that failed to the next one', async () => {
    const ids = Array.from({ length: ROOM + 1 }, () => newId<AgentInstanceId>());
    for (const id of ids.slice(0, ROOM)) {
      await expect(sut.with(id, async () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    }
    await sut.with(ids[ROOM]!, write(ids[ROOM]!));
    expect(sut.take(ids[ROOM]!)).not.toBeNull();
  });
});
