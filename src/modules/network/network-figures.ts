import { Injectable } from '@nestjs/common';
import { CALL_REFUSALS, type CallRefusal } from '../../domain/runtime/uplink.js';
import { MetricsRegistry } from '../../platform/telemetry/metrics/metrics-registry.js';

export type CarriedTo = 'project' | 'egress';

/** What this process carries and has refused, for Prometheus. */
@Injectable()
export class NetworkFigures {
  private readonly open = { project: 0, egress: 0 };
  private readonly asked;

  constructor(metrics: MetricsRegistry) {
    this.asked = metrics.counter({
      name: 'agent_manager_network_connections_total',
      help: 'Connections that agents asked this process for: opened to project or egress, or why they were refused',
      labels: ['outcome'],
    });
    // A rate needs a first value to rise from.
    for (const outcome of ['project', 'egress', ...CALL_REFUSALS]) this.asked({ outcome }, 0);
    metrics.gauge(
      {
        name: 'agent_manager_network_connections',
        help: 'Connections of agents that this process carries',
        labels: ['to'],
      },
      () => Object.entries(this.open).map(([to, value]) => ({ labels: { to }, value })),
    );
  }

  /** Of all agents. */
  get openNow(): number {
    return this.open.project + this.open.egress;
  }

  /** @returns a function that says it is over */
  opened(to: CarriedTo): () => void {
    this.asked({ outcome: to });
    this.open[to] += 1;
    return () => {
      this.open[to] -= 1;
    };
  }

  refused(why: CallRefusal): void {
    this.asked({ outcome: why });
  }
}
