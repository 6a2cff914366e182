import type { ProblemCode } from '../errors/problem-catalogue.js';
import type { Lifecycle } from './lifecycle.js';

/** How Muster restarts what fails. Engines are told never to. */
export interface RestartPolicy {
  /** Wait before the second attempt, in ms; each further wait is twice as long. */
  readonly baseMs: number;
  readonly longestMs: number;
  /** Failures in a row after which it is left alone until somebody asks again. */
  readonly limit: number;
  /** An agent that ran this long in ms ran well: its next failure is the first. */
  readonly stableMs: number;
}

export const DEFAULT_RESTART_POLICY: RestartPolicy = {
  baseMs: 1000,
  longestMs: 30_000,
  limit: 5,
  stableMs: 60_000,
};

/** What trying again does not heal: somebody has to change something first. */
const PERMANENT: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'MANIFEST_NOT_FOUND',
  'VARIABLE_MISSING',
  'HOST_ACCESS_REFUSED',
  'EGRESS_REFUSED',
  'RUNTIME_UNSUPPORTED',
  'CONTAINER_NAME_CONFLICT',
  'SNAPSHOT_DAMAGED',
  'ARCHIVE_INVALID',
]);

/** The host's trouble and no agent's: tried again, at the longest wait, until somebody has put it right. */
const OF_THE_HOST: ReadonlySet<ProblemCode> = new Set<ProblemCode>(['WORKSPACE_UNAVAILABLE', 'ENGINE_DISK_FULL']);

/** Has it failed so often, or in such a way, that only a new request starts it again? */
export function hasGivenUp({ failures, error }: Pick<Lifecycle, 'failures' | 'error'>, policy: RestartPolicy): boolean {
  if (error !== null && PERMANENT.has(error.code)) return true;
  return failures >= policy.limit && !(error !== null && OF_THE_HOST.has(error.code));
}

/**
 * How many failures in a row it is with this one. An agent that hangs has not run well for as long as nobody looked:
 * there a check that it passed counts, which has forgotten its failures.
 */
export function countFailure(
  lifecycle: Pick<Lifecycle, 'failures' | 'startedAt' | 'state'>,
  code: ProblemCode,
  now: Date,
  policy: RestartPolicy,
): number {
  const ranWell =
    code !== 'HEALTH_CHECK_FAILED' &&
    lifecycle.startedAt !== null &&
    lifecycle.state === 'running' &&
    now.getTime() - lifecycle.startedAt.getTime() >= policy.stableMs;
  return ranWell ? 1 : lifecycle.failures + 1;
}

/** The wait in ms after so many failures in a row: base, 2 base, 4 base … */
export function backOffMs(failures: number, policy: Pick<RestartPolicy, 'baseMs' | 'longestMs'>): number {
  return Math.min(policy.baseMs * 2 ** Math.min(Math.max(failures - 1, 0), 20), policy.longestMs);
}
