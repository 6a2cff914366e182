import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import { followersOf } from '../../../domain/lifecycle/replicas.js';
import type { ContainerObservation } from '../../../domain/runtime/container-runtime.js';

type Found = ContainerObservation | null;

/** The containers of all replicas of an instance, by replica; null: there is none. */
export async function containersOf(
  { lifecycle }: ManagedInstance,
  look: (containerId: string) => Promise<Found> | Found,
): Promise<ReadonlyMap<number, Found>> {
  const recorded = [
    { index: 0, containerId: lifecycle.containerId },
    ...followersOf(lifecycle).map(({ index, containerId }) => ({ index, containerId })),
  ];
  const found = recorded.map(
    async ({ index, containerId }) => [index, containerId === null ? null : await look(containerId)] as const,
  );
  return new Map(await Promise.all(found));
}
