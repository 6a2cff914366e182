import { once } from 'node:events';
import { Injectable } from '@nestjs/common';
import { OutboxSources, type OutboxSource } from '../../domain/events/outbox-source.js';
import { Sweeper } from '../../platform/sweeper.js';
import { OutboxRelay } from './outbox.relay.js';

const PERIOD_MS = 10_000;
const PAGE = 200;
/** Younger events are being moved by the process that wrote them, most likely. */
const FRESH_MS = 5_000;

/** Finds outboxes that a crash left, of this process or another one, and has them moved. At the start, and from time to time. */
@Injectable()
export class OutboxSweeper extends Sweeper {
  /** What is there at the start was left by another process. */
  private freshMs = 0;
  private readonly stopped = once(this.stopping, 'abort');

  constructor(
    private readonly sources: OutboxSources,
    private readonly relay: OutboxRelay,
  ) {
    super('outboxes', { everyMs: PERIOD_MS, firstAfterMs: 0 });
  }

  /** Has every outbox moved whose first event is at least this old. */
  async sweep(freshMs = this.freshMs): Promise<void> {
    this.freshMs = FRESH_MS;
    for (const source of this.sources.all()) await this.sweepSource(source, freshMs);
  }

  private async sweepSource(source: OutboxSource, freshMs: number): Promise<void> {
    for (let full = true; full && !this.stopping.aborted;) {
      const found = await source.findPending(PAGE);
      const limit = Date.now() - freshMs;
      const left = found.filter(({ events }) => (events[0]?.at.getTime() ?? 0) <= limit);
      for (const { tenantId, documentId } of left) this.relay.nudge(tenantId, source.subjectType, documentId);
      full = found.length === PAGE && left.length > 0;
      if (full) await Promise.race([this.relay.settled(), this.stopped]);
    }
  }
}
