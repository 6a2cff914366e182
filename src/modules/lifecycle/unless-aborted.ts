/**
 * Waits for what cannot be broken off, but not past the signal. The work itself goes on then: its result is nobody's, and
 * neither is its failure.
 * @returns null when the signal came first
 */
export async function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | null> {
  if (signal.aborted) return null;
  let abort = (): void => undefined;
  const aborted = new Promise<null>((resolve) => {
    abort = () => {
      resolve(null);
    };
  });
  signal.addEventListener('abort', abort, { once: true });
  const working = work();
  working.catch(() => undefined);
  try {
    return await Promise.race([working, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
