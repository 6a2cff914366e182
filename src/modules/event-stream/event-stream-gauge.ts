import { Injectable, type OnModuleInit } from '@nestjs/common';
import { MetricsRegistry } from '../../platform/telemetry/metrics/metrics-registry.js';
import { EventStreamResponder } from './event-stream.responder.js';

/** Shows how many event streams this process has open. */
@Injectable()
export class EventStreamGauge implements OnModuleInit {
  constructor(
    private readonly responder: EventStreamResponder,
    private readonly metrics: MetricsRegistry,
  ) {}

  onModuleInit(): void {
    this.metrics.gauge(
      { name: 'agent_manager_event_streams', help: 'Event streams that this process has open' },
      () => [{ labels: {}, value: this.responder.open }],
    );
  }
}
