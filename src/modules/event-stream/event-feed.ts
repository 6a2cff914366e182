import type { EventFilter, EventLogStore, LogEntry } from '../../domain/events/event-log.js';
import type { TenantId } from '../../domain/ids.js';
import type { EventDto } from '../../platform/http/event.dto.js';
import type { EventStreamSettings } from './event-stream-settings.js';

export interface Subscription {
  readonly tenantId: TenantId;
  /** The client has everything up to here. */
  readonly after: number;
  /** Where the log ended a moment ago. */
  readonly head: number;
  readonly filter: EventFilter;
}

/** What a feed needs of the world. */
export interface FeedEnvironment {
  readonly log: Pick<EventLogStore, 'readAfter'>;
  /** Tells how far the log has come, again and again; returns a function that ends it. */
  readonly follow: (tenantId: TenantId, listener: (seq: number) => void) => () => void;
  /** Whether the client may still read. */
  readonly isAllowed: () => Promise<boolean>;
  /** Ends the feed. */
  readonly signal: AbortSignal;
  /** The client has taken nothing for too long. */
  readonly onStall: () => void;
  /** The log could not be read; it is tried again. Told once for each outage. */
  readonly onTrouble: (error: unknown) => void;
  readonly settings: Pick<EventStreamSettings, 'page' | 'heartbeatMs' | 'retryMs' | 'stallMs'>;
}

/** How long a browser waits before it connects again, in ms. */
const RECONNECT_MS = 2_000;

const REFUSED = `event: problem\ndata: ${JSON.stringify({
  code: 'UNAUTHENTICATED',
  detail: 'The API key was revoked, or has expired.',
})}\n\n`;

/**
 * A tenant's log as server-sent events, from an entry on and without an end. It reads a page when the client has taken
 * the one before, so a slow client costs a page of memory and loses nothing; and it keeps its place in the log, so an
 * outage of the database costs time only. The id that a client holds is never one before which it missed anything.
 */
export class EventFeed {
  private cursor: number;
  private head: number;
  private sentAt = 0;
  private isInTrouble = false;
  private wake: () => void = () => undefined;

  constructor(
    private readonly subscription: Subscription,
    private readonly environment: FeedEnvironment,
  ) {
    this.cursor = subscription.after;
    this.head = subscription.head;
  }

  async *run(): AsyncGenerator<string> {
    const { follow, signal, settings } = this.environment;
    const unfollow = follow(this.subscription.tenantId, (seq) => {
      this.head = Math.max(this.head, seq);
      if (this.head > this.cursor) this.wake();
    });
    const onEnd = (): void => {
      this.wake();
    };
    signal.addEventListener('abort', onEnd);
    try {
      // Where it begins: who is cut off before the first event can go on from here.
      yield* this.sent(`retry: ${RECONNECT_MS}\n${this.place()}`);
      while (!signal.aborted) {
        const upTo = this.head;
        const page = await this.nextPage();
        if (page === null) {
          yield* this.sent(REFUSED);
          return;
        }
        for (const entry of page) {
          yield* this.sent(textOf(entry));
          this.cursor = entry.seq;
        }
        if (page.length < settings.page && !this.isInTrouble) this.cursor = Math.max(this.cursor, upTo);
        const silentFor = performance.now() - this.sentAt;
        if (silentFor >= settings.heartbeatMs) yield* this.sent(`: still here\n${this.place()}`);
        else if (this.isInTrouble) await this.pause(settings.retryMs);
        else if (this.head <= this.cursor) await this.pause(settings.heartbeatMs - silentFor);
      }
    } finally {
      signal.removeEventListener('abort', onEnd);
      unfollow();
    }
  }

  /** null: the client may not read any more. */
  private async nextPage(): Promise<readonly LogEntry[] | null> {
    const { log, isAllowed, onTrouble, settings } = this.environment;
    const { tenantId, filter } = this.subscription;
    try {
      if (!(await isAllowed())) return null;
      const page = this.head > this.cursor ? await log.readAfter(tenantId, this.cursor, settings.page, filter) : [];
      this.isInTrouble = false;
      return page;
    } catch (error) {
      if (!this.isInTrouble) onTrouble(error);
      this.isInTrouble = true;
      return [];
    }
  }

  /** The next text is asked for when the client has taken this one. */
  private *sent(text: string): Generator<string> {
    const { onStall, settings } = this.environment;
    const stalled = setTimeout(onStall, settings.stallMs).unref();
    try {
      yield text;
    } finally {
      clearTimeout(stalled);
      this.sentAt = performance.now();
    }
  }

  /** Moves the client's place without an event: what was filtered out need not be looked at again. */
  private place(): string {
    return `id: ${this.cursor}\n\n`;
  }

  /** Until it is woken, or the time has passed. */
  private async pause(ms: number): Promise<void> {
    if (this.environment.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => undefined;
  }
}

/** Without `event:`, so that one handler of a browser's EventSource has them all, also those of types to come. */
const textOf = (entry: LogEntry): string => `id: ${entry.seq}\ndata: ${JSON.stringify(toEventDto(entry))}\n\n`;

const toEventDto = ({ seq, eventId, type, tenantId, actor, subject, at, data }: LogEntry): EventDto => ({
  seq,
  eventId,
  type,
  tenantId,
  actor,
  subject,
  at,
  data,
});
