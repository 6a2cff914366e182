import { Injectable, type OnModuleInit } from '@nestjs/common';
import { MetricsRegistry } from '../../../platform/telemetry/metrics/metrics-registry.js';
import { PoolFigures } from './pool-figures.js';

/** Shows what the warm pools have. Summed over all pools: one for each specification has no bound. */
@Injectable()
export class PoolGauges implements OnModuleInit {
  constructor(
    private readonly figures: PoolFigures,
    private readonly metrics: MetricsRegistry,
  ) {}

  onModuleInit(): void {
    this.metrics.gauge(
      {
        name: 'agent_manager_pool_containers',
        help: 'Warm containers, as the process that fills the pools last saw them; 0 from the others. Use max()',
        labels: ['state'],
      },
      () => [
        { labels: { state: 'ready' }, value: this.sum('ready') },
        { labels: { state: 'preparing' }, value: this.sum('preparing') },
      ],
    );
  }

  private sum(figure: 'ready' | 'preparing'): number {
    return [...this.figures.all.values()].reduce((sum, pool) => sum + pool[figure], 0);
  }
}
