import { describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { INITIAL_LIFECYCLE } from '../../../domain/lifecycle/lifecycle.js';
import type { Seen } from '../steps/container-steps.js';
import { Hands } from './hands.js';
import type { Hold } from './hold.js';

/** A hold that notes what it is told, and steps that end when they are told to. */
function world(
  replicas = 5,
  atOnce = 2,
): { sut: Hands; heard: number[]; aside: { now: number }; begin: (replica: number) => (seen: Seen) => Promise<void> } {
  const heard: number[] = [];
  const aside = { now: 0 };
  const { desired } = INITIAL_LIFECYCLE;
  const hold = {
    instance: { lifecycle: { ...INITIAL_LIFECYCLE, desired: { ...desired, replicas } } },
    attendedBy: () => undefined,
    listen: (replica: number) => heard.push(replica),
    standAside: async (wait: () => Promise<void>) => {
      aside.now += 1;
      await wait();
      aside.now -= 1;
    },
  };
  const sut = new Hands(hold as unknown as Hold, atOnce);
  const begin = (replica: number): ((seen: Seen) => Promise<void>) => {
    let end: (seen: Seen) => void = () => undefined;
    sut.take(replica, () => new Promise((resolve) => (end = resolve)));
    return async (seen) => {
      end(seen);
      await turn();
    };
  };
  return { sut, heard, aside, begin };
}

/** Something that somebody else has to answer. */
function answer(): { given: Promise<void>; give: () => Promise<void> } {
  let resolve: () => void = () => undefined;
  const given = new Promise<void>((done) => (resolve = done));
  return {
    given,
    give: async () => {
      resolve();
      await turn();
    },
  };
}

const isOver = async (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([promise.then(() => true), turn().then(() => false)]);

describe('the steps of several replicas', () => {
  it('are so many at once, and the first replica never waits for others', async () => {
    const { sut, heard, begin } = world();
    const ends = [begin(1), begin(2)];
    expect([sut.hasRoomFor(3), sut.hasRoomFor(0), [...sut.busy], heard]).toEqual([false, true, [1, 2], [1, 2]]);
    await ends[0]!(null);
    expect([sut.hasRoomFor(3), sut.containers.get(1), [...sut.busy]]).toEqual([true, null, [2]]);
    await ends[1]!(undefined);
    expect([sut.areEmpty, sut.containers.has(2)]).toEqual([true, false]);
  });

  it('make room while they wait for somebody else, and stand aside as one once all of them do', async () => {
    const { sut, aside, begin } = world();
    const [one, other] = [begin(1), begin(2)];
    const [first, second] = [answer(), answer()];
    const waits = [sut.aside(() => first.given), sut.aside(() => second.given)];
    expect([sut.hasRoomFor(3), aside.now]).toEqual([true, 1]);
    await first.give();
    expect([sut.hasRoomFor(3), aside.now]).toEqual([true, 0]);
    await one(null);
    expect(aside.now).toBe(1);
    await second.give();
    await Promise.all(waits);
    await other(null);
    expect(aside.now).toBe(0);
  });

  it('tell of each change once, also of one that came before anybody waited for it', async () => {
    const { sut, begin } = world();
    const end = begin(1);
    const change = sut.change(null);
    expect(await isOver(change)).toBe(false);
    await end(null);
    expect(await isOver(change)).toBe(true);
    const next = begin(1);
    await next(null);
    expect(await isOver(sut.change(null))).toBe(true);
    expect(await isOver(sut.change(null))).toBe(false);
    // What is due is a change, however far in the past or the future it is.
    await sut.change(new Date(0));
    const far = sut.change(new Date(8.64e15));
    expect(await isOver(far)).toBe(false);
    await begin(1)(null);
    await far;
  });

  it('have what happens to other containers looked at anew, and see to their own', async () => {
    const { sut, begin } = world();
    expect(sut.notice(1, true)).toBe(false);
    for (const replica of [0, 1]) await begin(replica)(null);
    const end = begin(2);
    expect([sut.notice(2, true), sut.takeMustReread()]).toEqual([false, false]);
    expect([sut.notice(1, false), [...sut.containers.keys()], sut.takeMustReread()]).toEqual([true, [0], false]);
    expect([sut.notice(null, true), [...sut.containers.keys()]]).toEqual([true, []]);
    expect([sut.takeMustReread(), sut.takeMustReread()]).toEqual([true, false]);
    await end(null);
    await sut.rest();
  });

  it('of one that is alone notice nothing: what it does itself is all that happens to it', async () => {
    const { sut, begin } = world(1);
    const end = begin(0);
    expect([sut.notice(0, true), sut.notice(null, true)]).toEqual([false, false]);
    await end(null);
  });
});
