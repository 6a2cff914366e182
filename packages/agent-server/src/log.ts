import { writeSync } from 'node:fs';

const STDOUT = 1;

/** One readable line for the operator; when it was written is kept by whoever keeps the log. Callers give names, digests and durations: never prompts, souls or secrets. */
export function log(text: string): void {
  try {
    // Cheaper at start than process.stdout, and in order even when the process ends right after.
    writeSync(STDOUT, `${oneLine(text)}\n`);
  } catch {
    // whoever read the log is gone or too slow: no reason to stop working
  }
}

/** Ids come from outside: they must not be able to write a line of their own. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, '?');
}
