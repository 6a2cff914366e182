import type { RuntimeLimits } from '../runtime/runtime-spec.js';
import type { HealthTiming } from './manifest.js';

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
export const WRITABLE_PATH_MIB = { min: 1, max: 4096, fallback: 64 } as const satisfies Bounds;
export const HOOK_TIMEOUT_SECONDS = { min: 1, max: 1800, fallback: 300 } as const satisfies Bounds;
export const PRE_STOP_TIMEOUT_SECONDS = { min: 1, max: 60, fallback: 10 } as const satisfies Bounds;

export const HEALTH_BOUNDS = {
  intervalSeconds: { min: 1, max: 3600, fallback: 10 },
  timeoutSeconds: { min: 1, max: 60, fallback: 3 },
  retries: { min: 1, max: 20, fallback: 3 },
  startPeriodSeconds: { min: 0, max: 600, fallback: 0 },
} as const satisfies Record<keyof HealthTiming, Bounds>;

/** Without a fallback: what is not given never ends by itself. */
export const IDLE_TIMEOUT_SECONDS = { min: 1, max: 2_592_000 } as const satisfies Omit<Bounds, 'fallback'>;
export const TTL_SECONDS = { min: 1, max: 31_536_000 } as const satisfies Omit<Bounds, 'fallback'>;

/** How many of each a manifest may hold, and how long its texts may be. */
export const MANIFEST_MOST = {
  variables: 100,
  /** Variables that name a secret: their values are given to an agent all at once. */
  secrets: 50,
  valueLength: 32 * 1024,
  /** Of all names and values together, in bytes: engines and kernels limit what a program is started with. */
  environmentBytes: 64 * 1024,
  words: 64,
  wordLength: 4096,
  repoNameLength: 128,
  ports: 32,
  mounts: 16,
  writablePaths: 16,
  pathLength: 512,
  hookLength: 4096,
  allowed: 64,
  exposed: 32,
} as const;
