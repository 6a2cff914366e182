import { setTimeout as sleep } from 'node:timers/promises';
import { ConcurrentUpdateError } from '../domain/errors/concurrent-update.error.js';

/** Of many at once one gets through at a time: a hundred may have to wait for each other. */
const ATTEMPTS = 100;
const LONGEST_PAUSE_MS = 100;

/** Makes a change again on what overtook it. @throws what the change throws; ConcurrentUpdateError when it was overtaken all the time */
export async function againWhenOvertaken<T>(change: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await change();
    } catch (error) {
      if (!(error instanceof ConcurrentUpdateError) || attempt === ATTEMPTS) throw error;
    }
    await sleep(Math.random() * Math.min(LONGEST_PAUSE_MS, 5 * attempt));
  }
}
