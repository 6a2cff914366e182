import { Injectable, type OnModuleInit } from '@nestjs/common';
import { MetricsRegistry } from '../../../platform/telemetry/metrics/metrics-registry.js';
import { Reconciler } from './reconciler.service.js';

/** Shows how much the reconciler of this process has in hand. */
@Injectable()
export class ReconcilerGauges implements OnModuleInit {
  constructor(
    private readonly reconciler: Reconciler,
    private readonly metrics: MetricsRegistry,
  ) {}

  onModuleInit(): void {
    this.metrics.gauge(
      {
        name: 'agent_manager_reconcile_queue_agents',
        help: 'Agents that this process has in hand: waiting for their turn, being worked on, or standing aside for an agent or a registry',
        labels: ['place'],
      },
      () => Object.entries<number>({ ...this.reconciler.load }).map(([place, value]) => ({ labels: { place }, value })),
    );
  }
}
