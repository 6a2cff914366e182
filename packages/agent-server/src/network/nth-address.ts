const FIRST = 64;
const PER_BLOCK = 254;
const BLOCKS = 64 * 256;

/**
 * The n-th loopback address that stands for a name, from 1: 127.64.0.1 to 127.127.255.254, and then from the beginning. Far from
 * 127.0.0.1, on which programs listen, and soon again by nobody, for programs remember addresses.
 */
export function nthAddress(n: number): string {
  const place = (n - 1) % (PER_BLOCK * BLOCKS);
  const block = Math.floor(place / PER_BLOCK);
  return `127.${FIRST + (block >> 8)}.${block & 0xff}.${(place % PER_BLOCK) + 1}`;
}
