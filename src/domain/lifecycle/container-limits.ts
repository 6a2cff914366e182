import { DomainError } from '../errors/domain-error.js';
import type { RuntimeLimits, RuntimeSpec } from '../runtime/runtime-spec.js';
import type { Manifest } from '../templates/manifest.js';
import {
  GRACE_PERIOD_SECONDS,
  RESOURCE_BOUNDS,
  START_TIMEOUT_SECONDS,
  type Bounds,
} from '../templates/manifest-bounds.js';

const ISOLATIONS = ['runc', 'gvisor'] as const satisfies RuntimeSpec['isolation'][];

/** What a manifest asks for, with a default for everything it leaves out. */
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
    if (typeof value === 'number' && value >= min && value <= max) return value;
    faults.push(`${name} must be a number from ${min} to ${max}`);
    return fallback;
  };
  const { image = null, isolation = 'runc' } = manifest;
  const resources = manifest.resources ?? {};
  if (image !== null && (typeof image !== 'string' || image === '')) faults.push('image must be an image reference');
  if (!ISOLATIONS.includes(isolation)) faults.push(`isolation must be one of ${ISOLATIONS.join(', ')}`);
  const limits = {
    cpus: bounded('resources.cpus', resources.cpus, RESOURCE_BOUNDS.cpus),
    memoryMiB: bounded('resources.memoryMiB', resources.memoryMiB, RESOURCE_BOUNDS.memoryMiB),
    pids: bounded('resources.pids', resources.pids, RESOURCE_BOUNDS.pids),
    tmpfsMiB: bounded('resources.tmpfsMiB', resources.tmpfsMiB, RESOURCE_BOUNDS.tmpfsMiB),
  };
  const startTimeoutSeconds = bounded('startTimeoutSeconds', manifest.startTimeoutSeconds, START_TIMEOUT_SECONDS);
  const gracePeriodSeconds = bounded('gracePeriodSeconds', manifest.gracePeriodSeconds, GRACE_PERIOD_SECONDS);
  if (faults.length > 0) {
    throw new DomainError('MANIFEST_NOT_FOUND', `The manifest cannot be used: ${faults.join('; ')}.`);
  }
  return { image, limits, isolation, startTimeoutSeconds, gracePeriodSeconds };
}
