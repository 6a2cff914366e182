import type { ManagedInstance } from './managed-instance.js';
import { upkeepOf } from './upkeep.js';

type Used = Pick<ManagedInstance, 'openRuns' | 'lifecycle' | 'manifest'>;

/** How long an agent that is overdue, but in use, is left before it is looked at again. */
const LOOK_AGAIN_MS = 5000;

/** Somebody has it do something, or is just about to. */
export function isInUse({ openRuns, lifecycle }: Used, now: Date): boolean {
  return openRuns.length > 0 || lifecycle.uses.some(({ until }) => until > now);
}

/** When it goes to sleep if nobody uses it before; null: it does not. */
export function sleepsAt({ lifecycle, manifest }: Used): Date | null {
  const { startedAt, lastUsedAt, state, desired, sleep, replicas } = lifecycle;
  // The others sleep with the first.
  if ((replicas[0]?.index ?? 0) > 0) return null;
  const { idleMs } = upkeepOf(manifest);
  if (idleMs === null || startedAt === null || state !== 'running' || desired.state !== 'running' || sleep !== null) {
    return null;
  }
  return new Date(Math.max(startedAt.getTime(), lastUsedAt?.getTime() ?? 0) + idleMs);
}

/** Has nobody used it for so long that it is to sleep? */
export function isIdle(instance: Used, now: Date): boolean {
  const at = sleepsAt(instance);
  return at !== null && at <= now && !isInUse(instance, now);
}

/** Is its time over, and nobody just using it? */
export function isExpired(instance: Used, now: Date): boolean {
  const expiresAt = endOf(instance);
  return expiresAt !== null && expiresAt <= now && !isInUse(instance, now);
}

/** What goes already has no other end. */
function endOf({ lifecycle: { state, desired, expiresAt } }: Used): Date | null {
  return desired.state === 'removed' || state === 'removing' || state === 'removed' ? null : expiresAt;
}

/** When its idleness or its age has to be looked at next; null: never. */
export function nextDeadline(instance: Used, now: Date): Date | null {
  const times = [sleepsAt(instance), endOf(instance)]
    .filter((time) => time !== null)
    .map((time) => (time > now ? time.getTime() : now.getTime() + LOOK_AGAIN_MS));
  return times.length === 0 ? null : new Date(Math.min(...times));
}
