import { once } from 'node:events';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { OutboxSources, type OutboxSource } from '../../domain/events/outbox-source.js';
import { OutboxRelay } from './outbox.relay.js';

const PERIOD_MS = 10_000;
const PAGE = 200;
/** Younger events are being moved by the process that wrote them, most likely. */
const FRESH_MS = 5_000;

/** Finds outboxes that a crash left, of this process or another one, and has them moved. At the start, and from time to time. */
@Injectable()
export class OutboxSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(OutboxSweeper.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private readonly stop = new AbortController();
  private readonly stopped = once(this.stop.signal, 'abort');

  constructor(
    private readonly sources: OutboxSources,
    private readonly relay: OutboxRelay,
  ) {}

  onApplicationBootstrap(): void {
    this.next(0, 0);
  }

  async onModuleDestroy(): Promise<void> {
    this.stop.abort();
    clearTimeout(this.timer);
    await this.running;
  }

  /** Has every outbox moved whose first event is at least this old. */
  async sweep(freshMs = FRESH_MS): Promise<void> {
    for (const source of this.sources.all()) await this.sweepSource(source, freshMs);
  }

  private async sweepSource(source: OutboxSource, freshMs: number): Promise<void> {
    for (let full = true; full && !this.stop.signal.aborted;) {
      const found = await source.findPending(PAGE);
      const limit = Date.now() - freshMs;
      const left = found.filter(({ events }) => (events[0]?.at.getTime() ?? 0) <= limit);
      for (const { tenantId, documentId } of left) this.relay.nudge(tenantId, source.subjectType, documentId);
      full = found.length === PAGE && left.length > 0;
      if (full) await Promise.race([this.relay.settled(), this.stopped]);
    }
  }

  private next(delayMs: number, freshMs: number): void {
    if (this.stop.signal.aborted) return;
    this.timer = setTimeout(() => {
      this.running = this.sweep(freshMs)
        .catch((cause: unknown) => {
          this.logger.warn({ msg: 'looking for outboxes that were left failed', err: cause });
        })
        .then(() => {
          this.next(PERIOD_MS, FRESH_MS);
        });
    }, delayMs).unref();
  }
}
