import { RuntimeError } from '../../domain/runtime/runtime-errors.js';

/**
 * Waits for a call, but not longer than `ms`. The call itself goes on: what became of it has to be looked at.
 * @throws RuntimeError timeout
 */
export async function within<T>(ms: number, what: string, call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new RuntimeError('timeout', `${what} took longer than ${ms / 1000} s.`));
    }, ms);
  });
  // When the call loses the race, its failure is nobody's any more.
  call.catch(() => undefined);
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
