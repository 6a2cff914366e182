import { DomainError } from '../errors/domain-error.js';
import type { RuntimeLimits, RuntimeSpec } from '../runtime/runtime-spec.js';
import type { Manifest } from '../templates/blueprint.js';

interface Bounds {
  readonly min: number;
  readonly fallback: number;
  /** More than this is cut down to it. */
  readonly max: number;
}

const RESOURCES = {
  cpus: { min: 0.05, fallback: 1, max: 16 },
  memoryMiB: { min: 32, fallback: 512, max: 16_384 },
  pids: { min: 8, fallback: 256, max: 4096 },
  tmpfsMiB: { min: 1, fallback: 64, max: 4096 },
} as const satisfies Record<keyof RuntimeLimits, Bounds>;

const START_TIMEOUT_SECONDS: Bounds = { min: 1, fallback: 30, max: 600 };
const GRACE_PERIOD_SECONDS: Bounds = { min: 0, fallback: 4, max: 120 };

const ISOLATIONS = ['runc', 'gvisor'] as const satisfies RuntimeSpec['isolation'][];

/** What a manifest asks for, with a default for everything it leaves out, within what Muster allows. */
export interface ContainerLimits {
  /** null: the configured agent image. */
  readonly image: string | null;
  readonly limits: RuntimeLimits;
  readonly isolation: RuntimeSpec['isolation'];
  readonly startTimeoutSeconds: number;
  readonly gracePeriodSeconds: number;
}

/** @throws DomainError MANIFEST_NOT_FOUND when a field is not what a manifest may say */
export function containerLimits(manifest: Manifest): ContainerLimits {
  const faults: string[] = [];
  const bounded = (name: string, value: unknown, { min, fallback, max }: Bounds): number => {
    if (value === undefined || value === null) return fallback;
    if (typeof value === 'number' && value >= min) return Math.min(value, max);
    faults.push(`${name} must be a number from ${min} to ${max}`);
    return fallback;
  };
  const { image = null, isolation = 'runc' } = manifest;
  const resources = manifest.resources ?? {};
  if (image !== null && (typeof image !== 'string' || image === '')) faults.push('image must be an image reference');
  if (!ISOLATIONS.includes(isolation)) faults.push(`isolation must be one of ${ISOLATIONS.join(', ')}`);
  const limits = {
    cpus: bounded('resources.cpus', resources.cpus, RESOURCES.cpus),
    memoryMiB: bounded('resources.memoryMiB', resources.memoryMiB, RESOURCES.memoryMiB),
    pids: bounded('resources.pids', resources.pids, RESOURCES.pids),
    tmpfsMiB: bounded('resources.tmpfsMiB', resources.tmpfsMiB, RESOURCES.tmpfsMiB),
  };
  const startTimeoutSeconds = bounded('startTimeoutSeconds', manifest.startTimeoutSeconds, START_TIMEOUT_SECONDS);
  const gracePeriodSeconds = bounded('gracePeriodSeconds', manifest.gracePeriodSeconds, GRACE_PERIOD_SECONDS);
  if (faults.length > 0) {
    throw new DomainError('MANIFEST_NOT_FOUND', `The manifest cannot be used: ${faults.join('; ')}.`);
  }
  return { image, limits, isolation, startTimeoutSeconds, gracePeriodSeconds };
}
