import type { RuntimeLimits } from '../runtime/runtime-spec.js';

export interface Bounds {
  readonly min: number;
  readonly max: number;
  /** What a manifest gets that says nothing. */
  readonly fallback: number;
}

/** What a container may be given. */
export const RESOURCE_BOUNDS = {
  cpus: { min: 0.05, max: 16, fallback: 1 },
  memoryMiB: { min: 32, max: 16_384, fallback: 512 },
  pids: { min: 8, max: 4096, fallback: 256 },
  tmpfsMiB: { min: 1, max: 4096, fallback: 64 },
} as const satisfies Record<keyof RuntimeLimits, Bounds>;

export const START_TIMEOUT_SECONDS = { min: 1, max: 600, fallback: 30 } as const satisfies Bounds;
export const GRACE_PERIOD_SECONDS = { min: 0, max: 120, fallback: 4 } as const satisfies Bounds;
