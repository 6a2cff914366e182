/** The render workers that have not ended yet. Kept apart from what makes them, so that stopping loads nothing. */
export const RUNNING_WORKERS = new Set<{ terminate(): Promise<number> }>();

/**
 * Ends all of them.
 * @returns whether they are gone. One that sits in a system call (reading a FIFO, waiting for a child) can't be ended.
 */
export async function endRunningWorkers(withinMs: number): Promise<boolean> {
  if (RUNNING_WORKERS.size === 0) return true;
  const ended = Promise.all([...RUNNING_WORKERS].map((worker) => worker.terminate())).then(() => true);
  const tooLate = new Promise<false>((resolve) => {
    setTimeout(resolve, withinMs, false);
  });
  return Promise.race([ended, tooLate]);
}
