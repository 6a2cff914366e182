import { describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { KeyedQueue } from './keyed-queue.js';

/** Work that ends when it is told to. */
function controlled(): {
  queue: (concurrency: number) => KeyedQueue<string>;
  running: string[];
  finish: (key: string) => Promise<void>;
} {
  const running: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    running,
    queue: (concurrency) =>
      new KeyedQueue(concurrency, async (key) => {
        running.push(key);
        await new Promise<void>((resolve) => ends.set(key, resolve));
        running.splice(running.indexOf(key), 1);
      }),
    finish: async (key) => {
      ends.get(key)?.();
      await turn();
    },
  };
}

describe('the keyed queue', () => {
  it('works on a key once at a time, and once more when it came again meanwhile', async () => {
    const { queue, running, finish } = controlled();
    const sut = queue(4);
    for (let count = 0; count < 3; count++) sut.add('a');
    expect(running).toEqual(['a']);
    sut.add('a');
    await finish('a');
    expect(running).toEqual(['a']);
    await finish('a');
    expect(running).toEqual([]);
  });

  it('works on so many keys at once, in the order they came', async () => {
    const { queue, running, finish } = controlled();
    const sut = queue(2);
    for (const key of ['a', 'b', 'c', 'd']) sut.add(key);
    expect(running).toEqual(['a', 'b']);
    await finish('a');
    expect(running).toEqual(['b', 'c']);
    await finish('b');
    expect(running).toEqual(['c', 'd']);
  });

  it('lets others work while work waits for somebody else', async () => {
    const running: string[] = [];
    const answers = new Map<string, () => void>();
    const sut = new KeyedQueue<string>(1, async (key): Promise<void> => {
      await sut.standAside(key, () => new Promise<void>((resolve) => answers.set(key, resolve)));
      running.push(key);
    });
    for (const key of ['silent', 'prompt']) sut.add(key);
    await turn();
    answers.get('prompt')?.();
    await turn();
    expect(running).toEqual(['prompt']);
    answers.get('silent')?.();
    await turn();
    expect(running).toEqual(['prompt', 'silent']);
  });

  it('takes nothing more once closed, and waits for what is in hand', async () => {
    const { queue, running, finish } = controlled();
    const sut = queue(1);
    sut.add('a');
    sut.add('b');
    const closed = sut.close();
    sut.add('c');
    await finish('a');
    await closed;
    expect(running).toEqual([]);
  });
});
