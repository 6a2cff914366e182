import { DomainError } from '../../../domain/errors/domain-error.js';
import type { ReplicaHold } from '../reconciler/replica-hold.js';

/** The id that was put on record before the container was started; every later call uses it, never the name. */
export function containerOf({ instance }: ReplicaHold): string {
  const { containerId } = instance.lifecycle;
  if (containerId === null) {
    throw new DomainError('CONTAINER_START_FAILED', `No container is on record for agent ${instance.id}.`);
  }
  return containerId;
}
