import type { DomainEvent } from '../../../domain/events/domain-events.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import type { Telemetry } from '../../../domain/telemetry/telemetry.js';

/**
 * Measures how long an agent takes from the request until it runs: once for each request that is met at the first attempt, at
 * the process that met it. Restarts by themselves, after a failure or an outage, answer no request and are not counted.
 */
export class SpawnClock {
  private observed: number;

  constructor(
    private readonly telemetry: Pick<Telemetry, 'agentSpawned'>,
    { lifecycle }: Pick<ManagedInstance, 'lifecycle'>,
  ) {
    this.observed = lifecycle.observedGeneration;
  }

  /** The instance was written, with this event. */
  note({ lifecycle }: Pick<ManagedInstance, 'lifecycle'>, event: DomainEvent | null): void {
    const { desired, observedGeneration } = lifecycle;
    const isAnswer = observedGeneration > this.observed;
    this.observed = observedGeneration;
    if (!isAnswer || event === null || !hasStarted(event) || desired.requestedAt === null) return;
    this.telemetry.agentSpawned(Math.max(0, event.at.getTime() - desired.requestedAt.getTime()) / 1000);
  }
}

function hasStarted(event: DomainEvent): boolean {
  if (event.type !== 'lifecycle.transitioned') return false;
  const { from, to } = event.data as DomainEvent<'lifecycle.transitioned'>['data'];
  return from === 'starting' && to === 'running';
}
