import { writeSync } from 'node:fs';
import { AbandonedWorkerError } from './errors.js';

const STDERR = 2;

/** Says what happened in one JSON line on stderr and ends the process. Written at once: nothing is flushed after it. */
export function exitWithError(error: unknown): never {
  const { code, message, stack } = describe(error);
  const line = JSON.stringify({ time: new Date().toISOString(), level: 'fatal', code, message, stack });
  try {
    writeSync(STDERR, `${line}\n`);
  } catch {
    // nobody reads stderr any more; the exit code says it
  }
  if (error instanceof AbandonedWorkerError) {
    // process.exit() waits for every thread, and this one does not end.
    process.abort();
  }
  process.exit(1);
}

function describe(error: unknown): { code: string; message: string; stack: string | undefined } {
  if (!(error instanceof Error)) return { code: 'INTERNAL', message: String(error), stack: undefined };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'INTERNAL';
  return { code, message: error.message, stack: error.stack };
}
