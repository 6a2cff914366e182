import type { ContainerObservation } from './container-runtime.js';
import { CompanionExitedError, ContainerExitedError } from './runtime-errors.js';

/** Whether the companion does what it is there for; true for a container without one. */
export const hasItsCompanion = ({ companion = null }: ContainerObservation): boolean =>
  companion === null || companion.state === 'running' || companion.state === 'paused';

/** Why the container cannot be waited for any longer; null: it runs, and so does its companion. */
export function endOf(id: string, container: ContainerObservation | null): Error | null {
  if (container?.state !== 'running' && container?.state !== 'paused') {
    return new ContainerExitedError(id, container?.exitCode ?? null, container?.oomKilled ?? false);
  }
  return hasItsCompanion(container) ? null : new CompanionExitedError(id, container.companion ?? null);
}
