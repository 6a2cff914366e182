import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { MetricsRegistry } from '../../platform/telemetry/metrics/metrics-registry.js';

/** Counts what this process did to agents, by where it led and why. */
@Injectable()
export class TransitionCounter implements OnModuleInit {
  private readonly transitioned;

  constructor(
    private readonly bus: DomainEventBus,
    metrics: MetricsRegistry,
  ) {
    this.transitioned = metrics.counter({
      name: 'agent_manager_agent_transitions_total',
      help: 'State changes of agents that this process made; reason is a code',
      labels: ['to', 'reason'],
    });
  }

  onModuleInit(): void {
    this.bus.onAny((event) => {
      if (event.type !== 'lifecycle.transitioned') return;
      const { to, reason } = event.data as DomainEvent<'lifecycle.transitioned'>['data'];
      this.transitioned({ to, reason });
    });
  }
}
