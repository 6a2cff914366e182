import type { DomainEvent } from '../../../domain/events/domain-events.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import type { Telemetry } from '../../../domain/telemetry/telemetry.js';

/**
 * Measures how long an agent takes from the request until it runs: once for each request that is met at the first attempt, at
 * the process that met it; with several replicas, until all of them run. Restarts by themselves, after a failure or an outage, answer no request and are not counted.
 */
export class SpawnClock {
  private observed: number;
  private started = false;

  constructor(
    private readonly telemetry: Pick<Telemetry, 'agentSpawned'>,
    { lifecycle }: Pick<ManagedInstance, 'lifecycle'>,
  ) {
    this.observed = lifecycle.observedGeneration;
  }

  /** The instance was written, with this event, if any. */
  note({ lifecycle }: Pick<ManagedInstance, 'lifecycle'>, event: DomainEvent | null): void {
    const { desired, observedGeneration, state } = lifecycle;
    const isAnswer = observedGeneration > this.observed;
    this.observed = observedGeneration;
    if (event !== null && hasStarted(event)) this.started = true;
    if (!isAnswer) return;
    const at = event?.at ?? new Date();
    if (this.started && state === 'running' && desired.requestedAt !== null) {
      this.telemetry.agentSpawned(Math.max(0, at.getTime() - desired.requestedAt.getTime()) / 1000);
    }
    this.started = false;
  }
}

function hasStarted(event: DomainEvent): boolean {
  if (event.type !== 'lifecycle.transitioned') return false;
  const { from, to } = event.data as DomainEvent<'lifecycle.transitioned'>['data'];
  return from === 'starting' && to === 'running';
}
