import { Injectable, Logger } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import type { DomainEvent } from '../../domain/events/domain-events.js';

/**
 * Tells this process what has just been written. The fast path only: what must happen is guaranteed by sweeps from
 * state and by the event log, so a lost call here costs time, never correctness.
 */
@Injectable()
export class DomainEventBus {
  private readonly logger = new Logger(DomainEventBus.name);

  constructor(private readonly emitter: EventEmitter2) {}

  /**
   * Calls the listeners of these events, without waiting for them. Call it after the write that holds them in its
   * outbox has succeeded, never before.
   */
  publish(...events: readonly DomainEvent[]): void {
    for (const event of events) {
      this.publishAndWait(event).catch((cause: unknown) => {
        this.logger.error({
          msg: 'a listener failed; a sweep will finish its work',
          eventType: event.type,
          err: cause,
        });
      });
    }
  }

  /**
   * As publish, and waits until this event's listeners are done.
   * @throws what a listener throws
   */
  async publishAndWait(event: DomainEvent): Promise<void> {
    await this.emitter.emitAsync(event.type, event);
  }

  /** Calls `listener` for every event published in this process. */
  onAny(listener: (event: DomainEvent) => void): void {
    this.emitter.onAny((_type, event: DomainEvent) => {
      listener(event);
    });
  }
}
