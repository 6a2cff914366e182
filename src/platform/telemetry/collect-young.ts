import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const EVERY_BYTES = 8 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void;
let passed = 0;

/**
 * Frees buffers that are done with, for whoever passes on many: to be told of each one's bytes. They lie outside of V8's heap, and V8
 * collects the young generation for their sake late; before that they may have it mark the whole heap. After ten uploads of 100 MiB
 * the process had 178 to 186 MiB instead of 202.
 */
export function passedOn(bytes: number): void {
  passed += bytes;
  if (passed < EVERY_BYTES) return;
  passed = 0;
  collect({ type: 'minor' });
}
