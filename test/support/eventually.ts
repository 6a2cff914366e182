import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until the answer is there. @throws what `ask` last threw, when the time is up */
export async function eventually<T>(ask: () => Promise<T>, withinMs = 20_000): Promise<T> {
  for (const deadline = Date.now() + withinMs; ; await sleep(50)) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}
