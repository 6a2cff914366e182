import { setFlagsFromString } from 'node:v8';

/**
 * Lets the old generation grow by 30 % between collections instead of the up to four times that V8 allows itself on a
 * machine with much memory. What lives is about 55 MiB; under a load of reads the process took 316 MiB without this and
 * 173 MiB with it, at no cost in requests that could be told from noise. V8 reads the flag at each collection.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=30');
}
