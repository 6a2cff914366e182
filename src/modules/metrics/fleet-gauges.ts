import { Injectable, type OnModuleInit } from '@nestjs/common';
import { FleetCensus } from '../../domain/telemetry/fleet-census.js';
import { MetricsRegistry } from '../../platform/telemetry/metrics/metrics-registry.js';
import { SharedRead } from '../../platform/telemetry/metrics/shared-read.js';

const SHARED = 'each process tells the same of all: use max()';

/** Shows the agents of the whole installation, as the database has them. */
@Injectable()
export class FleetGauges implements OnModuleInit {
  private readonly census = new SharedRead(() => this.source.take());

  constructor(
    private readonly source: FleetCensus,
    private readonly metrics: MetricsRegistry,
  ) {}

  onModuleInit(): void {
    this.metrics.gauge(
      { name: 'agent_manager_agents', help: `Agents by the state of their lifecycle; ${SHARED}`, labels: ['state'] },
      async () =>
        Object.entries((await this.census.get()).states).map(([state, value]) => ({ labels: { state }, value })),
    );
    this.metrics.gauge(
      {
        name: 'agent_manager_replicas',
        help: `Copies of agents on record, by the state of each; ${SHARED}`,
        labels: ['state'],
      },
      async () =>
        Object.entries((await this.census.get()).replicas).map(([state, value]) => ({ labels: { state }, value })),
    );
    this.metrics.gauge(
      {
        name: 'agent_manager_agent_uptime_seconds',
        help: `How long the agents that run have been running: the shortest, the mean and the longest; ${SHARED}`,
        labels: ['stat'],
      },
      async () =>
        Object.entries((await this.census.get()).uptime ?? {}).map(([stat, value]) => ({ labels: { stat }, value })),
    );
    this.metrics.gauge(
      { name: 'agent_manager_reconcile_due_agents', help: `Agents that are due and that nobody works on; ${SHARED}` },
      async () => [{ labels: {}, value: (await this.census.get()).due.count }],
    );
    this.metrics.gauge(
      {
        name: 'agent_manager_reconcile_oldest_due_seconds',
        help: `How long the agent has been due that has waited longest; ${SHARED}`,
      },
      async () => [{ labels: {}, value: (await this.census.get()).due.longestSeconds }],
    );
  }
}
