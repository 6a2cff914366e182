import { describe, expect, it } from '@jest/globals';
import { RenderSlots } from './render-slots.js';

const never = new AbortController().signal;

describe('RenderSlots', () => {
  it('lets so many in and the others wait in order', async () => {
    const slots = new RenderSlots(1);
    const entered: string[] = [];
    const release = await slots.take(never);
    const first = slots.take(never).then((give) => (entered.push('first'), give));
    const second = slots.take(never).then((give) => (entered.push('second'), give));
    await Promise.resolve();
    expect(entered).toEqual([]);
    release();
    (await first)();
    (await second)();
    expect(entered).toEqual(['first', 'second']);
  });

  it('gives a slot back once, however often it is told', async () => {
    const slots = new RenderSlots(1);
    const release = await slots.take(never);
    release();
    release();
    await slots.take(never);
    const waiting = new AbortController();
    const third = slots.take(waiting.signal);
    waiting.abort();
    await expect(third).rejects.toBe(waiting.signal.reason);
  });

  it('forgets who gave up waiting', async () => {
    const slots = new RenderSlots(1);
    const release = await slots.take(never);
    const impatient = new AbortController();
    const gaveUp = slots.take(impatient.signal);
    const patient = slots.take(never);
    impatient.abort();
    await expect(gaveUp).rejects.toBeDefined();
    release();
    await expect(patient).resolves.toBeInstanceOf(Function);
  });
});
