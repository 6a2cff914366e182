import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../../../domain/errors/domain-error.js';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface MetricOptions<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly L[];
}

export interface Sample<L extends string> {
  readonly labels: Readonly<Record<L, string>>;
  readonly value: number;
}

/** A gauge that cannot be read by then is left out of the answer: a scraper waits ten seconds, as a rule. */
const READ_MS = 3_000;

/**
 * How often the event loop's lag is measured. prom-client's own 10 ms wakes an idle process a hundred times a second, for half a percent of a
 * core. Each measured value includes this time.
 */
const LAG_EVERY_MS = 50;

/**
 * All metrics of this Muster, in Prometheus' text format. Each Muster has its own, also where several live in one process.
 * Nobody else knows prom-client: who measures gets a function.
 */
@Injectable()
export class MetricsRegistry {
  private readonly logger = new Logger('Metrics');
  private readonly registry = new Registry();
  private readonly failing = new Set<string>();
  private readonly readFailed = this.counter({
    name: 'agent_manager_metrics_read_failures_total',
    help: 'Gauges left out of an answer of this process, because what they tell could not be read',
    labels: ['metric'],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: LAG_EVERY_MS });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  async text(): Promise<string> {
    return this.registry.metrics();
  }

  /** @returns a function that counts */
  counter<L extends string>(options: MetricOptions<L>): (labels: Record<L, string>, by?: number) => void {
    const counter = new Counter(this.withDefaults(options));
    return (labels, by) => {
      counter.inc(labels, by);
    };
  }

  /** @returns a function that takes a value in the unit of the name */
  histogram<L extends string>(
    options: MetricOptions<L> & { readonly buckets: readonly number[] },
  ): (labels: Record<L, string>, value: number) => void {
    const histogram = new Histogram({ ...this.withDefaults(options), buckets: [...options.buckets] });
    return (labels, value) => {
      histogram.observe(labels, value);
    };
  }

  /** `read` is called at each scrape. When it fails the gauge has no sample, and the other metrics are told all the same. */
  gauge<L extends string = never>(
    options: MetricOptions<L>,
    read: () => readonly Sample<L>[] | Promise<readonly Sample<L>[]>,
  ): void {
    const { name } = options;
    const gauge: Gauge<L> = new Gauge<L>({
      ...this.withDefaults(options),
      collect: async () => {
        gauge.reset();
        // One without labels stands at 0 after its reset, which would be told when it cannot be read.
        if (options.labels === undefined) gauge.remove();
        try {
          for (const { labels, value } of await inTime(read)) gauge.set(labels, value);
          this.failing.delete(name);
        } catch (error) {
          this.readFailed({ metric: name });
          if (!this.failing.has(name))
            this.logger.warn({ msg: 'a metric could not be read', metric: name, err: error });
          this.failing.add(name);
        }
      },
    });
  }

  private withDefaults<L extends string>({
    name,
    help,
    labels = [],
  }: MetricOptions<L>): {
    name: string;
    help: string;
    labelNames: L[];
    registers: Registry[];
  } {
    return { name, help, labelNames: [...labels], registers: [this.registry] };
  }
}

async function inTime<T>(read: () => T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new DomainError('INTERNAL', `It was not read within ${READ_MS} ms.`));
    }, READ_MS);
  });
  try {
    return await Promise.race([read(), late]);
  } finally {
    clearTimeout(timer);
  }
}
