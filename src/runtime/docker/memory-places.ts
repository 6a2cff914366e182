import { posix } from 'node:path';
import type { EngineTraits } from './engine-traits.js';

type Ownership = Pick<EngineTraits, 'ownsMemoryByNumber' | 'fillsMemory'>;

/** Options of a place in memory that belongs to the agent's user, as an engine takes them. */
export function memoryOf(engine: Ownership, uid: number, sizeMiB: number, mode = '0700'): string {
  const owner = engine.ownsMemoryByNumber ? `uid=${uid},gid=${uid}` : 'U';
  return `rw,noexec,nosuid,nodev,mode=${mode},${owner},size=${sizeMiB}m${emptyFrom(engine)}`;
}

/** Options of one that is everybody's. Nothing is to be run from there. */
export function commonMemory(engine: Ownership, sizeMiB: number): string {
  return `rw,noexec,nosuid,nodev,mode=1777,size=${sizeMiB}m${emptyFrom(engine)}`;
}

/** To the kernel itself, whoever passes them on. */
export function kernelMemory(uid: number, sizeMiB: number): string {
  return memoryOf({ ownsMemoryByNumber: true, fillsMemory: false }, uid, sizeMiB);
}

/**
 * The engine would make a volume on its own disk for each that an image declares, of no size at all. What has no place of
 * its own is kept in memory instead, which the container's limit counts.
 */
export function inMemory(
  imageVolumes: readonly string[],
  taken: ReadonlySet<string>,
  options: string,
): Record<string, string> {
  const paths = imageVolumes.map((path) => posix.resolve('/', path)).filter((path) => !taken.has(path));
  return Object.fromEntries(paths.map((path) => [path, options]));
}

/** What the engine would leave open is as the image has it, and read-only like the rest of the root. */
export function closed(
  { leavesWritable }: Pick<EngineTraits, 'leavesWritable'>,
  taken: ReadonlySet<string>,
): Record<string, string> {
  const open = leavesWritable.filter((path) => !taken.has(path));
  return Object.fromEntries(open.map((path) => [path, 'ro,nosuid,nodev,tmpcopyup']));
}

const emptyFrom = ({ fillsMemory }: Ownership): string => (fillsMemory ? ',notmpcopyup' : '');
