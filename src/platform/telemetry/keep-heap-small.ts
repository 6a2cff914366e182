import { setFlagsFromString } from 'node:v8';

/**
 * Lets the old generation grow by 30 % between collections instead of the up to four times that V8 allows itself on a
 * machine with much memory. What lives is about 55 MiB; under a load of reads the process took 316 MiB without this and
 * 173 MiB with it, at no cost in requests that could be told from noise. V8 reads the flag at each collection.
 *
 * V8 also collects the whole heap when little happens, up to three times in a row, a few seconds apart and for ever. Once after a minute is enough: an
 * idle process with fifty agents takes 2.6 % of a core with it, and took 2.1 to 3.4.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=30');
  setFlagsFromString('--memory-reducer-single-gc');
  setFlagsFromString('--gc-memory-reducer-start-delay-ms=60000');
}
