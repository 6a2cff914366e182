import { processEnvironment } from './process-environment.js';
import type { Environment } from './read-settings.js';

/** What a program needs to find its libraries, its home and its language. */
const PASSED_ON = /^(PATH|HOME|USER|LANG|LC_.*|TZ|TMPDIR|LD_LIBRARY_PATH|GLIBC_TUNABLES|SystemRoot|TEMP|TMP)$/;

/** The environment for a program that Muster starts. The rest of Muster's own is no business of it. */
export function childEnvironment(environment: Environment = processEnvironment()): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && PASSED_ON.test(name)) passed[name] = value;
  }
  return passed;
}
