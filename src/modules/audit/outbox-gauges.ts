import { Injectable, type OnModuleInit } from '@nestjs/common';
import { OutboxSources, type OutboxBacklog } from '../../domain/events/outbox-source.js';
import { MetricsRegistry } from '../../platform/telemetry/metrics/metrics-registry.js';
import { SharedRead } from '../../platform/telemetry/metrics/shared-read.js';

/** Shows what waits for the event log. */
@Injectable()
export class OutboxGauges implements OnModuleInit {
  private readonly backlogs = new SharedRead(() =>
    Promise.all(
      this.sources.all().map(async (source) => ({ subject: source.subjectType, ...(await source.backlog()) })),
    ),
  );

  constructor(
    private readonly sources: OutboxSources,
    private readonly metrics: MetricsRegistry,
  ) {}

  onModuleInit(): void {
    this.gauge('documents', 'Documents whose events are not in the event log yet', ({ documents }) => documents);
    this.gauge('oldest_seconds', 'How long the oldest event has waited for the event log', ({ oldest }) =>
      oldest === null ? 0 : Math.max(0, Date.now() - oldest.getTime()) / 1000,
    );
  }

  private gauge(name: string, help: string, value: (backlog: OutboxBacklog) => number): void {
    this.metrics.gauge(
      {
        name: `agent_manager_outbox_${name}`,
        help: `${help}; each process tells the same of all: use max()`,
        labels: ['subject'],
      },
      async () =>
        (await this.backlogs.get()).map(({ subject, ...backlog }) => ({ labels: { subject }, value: value(backlog) })),
    );
  }
}
