import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { DomainError } from '../../domain/errors/domain-error.js';

/** Proxies cut a connection that is silent for a minute or so. */
const HEARTBEAT_MS = 15_000;
/** So many characters are read ahead of the client. */
const MOST_AHEAD = 256 * 1024;

export interface ServerSentEvent {
  readonly event: string;
  /** What Last-Event-ID says when the client comes back. */
  readonly id?: string;
  /** A text is JSON already. */
  readonly data: object | string;
}

/**
 * Items as server-sent events, their data as JSON; what comes at once is one piece. A comment now and then keeps the
 * connection alive; `event: problem` ends a stream that broke off.
 */
export async function* eventStream<T>(
  items: AsyncIterable<T>,
  toEvent: (item: T) => ServerSentEvent,
  heartbeatMs = HEARTBEAT_MS,
): AsyncGenerator<string> {
  const iterator = items[Symbol.asyncIterator]();
  const written = new WrittenEvents(heartbeatMs);
  try {
    void written.takeFrom(iterator, toEvent);
    for (;;) {
      const piece = await written.next();
      if (piece === null) return;
      yield piece;
    }
  } finally {
    written.stop();
    await iterator.return?.();
  }
}

/** Answers with a stream of server-sent events, as fast as the client reads. */
export async function sendEvents(reply: FastifyReply, events: AsyncIterable<string>): Promise<void> {
  await reply
    .header('content-type', 'text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(Readable.from(events, { objectMode: false, highWaterMark: MOST_AHEAD }));
}

/** Aborted when the client is gone. */
export function clientGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    gone.abort();
  });
  return gone.signal;
}

/** Between the one who brings items and the one who sends them. One promise and one timer for many events: each is cheap. */
class WrittenEvents {
  private text = '';
  private ended = false;
  private failure: unknown = null;
  private readonly arrival = new Bell();
  private readonly departure = new Bell();
  private readonly heartbeat: NodeJS.Timeout;

  constructor(heartbeatMs: number) {
    this.heartbeat = setTimeout(() => {
      this.add(': still here\n\n');
    }, heartbeatMs).unref();
  }

  /** Reads all items, never too far ahead. Never throws: what goes wrong is told by `next`. */
  async takeFrom<T>(items: AsyncIterator<T, unknown>, toEvent: (item: T) => ServerSentEvent): Promise<void> {
    try {
      while (!this.ended) {
        const { done, value } = await items.next();
        if (done === true) break;
        this.add(asText(toEvent(value)));
        while (this.isFull()) await this.departure.rung();
      }
    } catch (error) {
      if (error instanceof DomainError) {
        this.add(asText({ event: 'problem', data: { code: error.code, detail: error.message } }));
      } else this.failure = error;
    }
    this.stop();
  }

  /** What has come since, or the next thing that comes; null when nothing more does. @throws what reading threw */
  async next(): Promise<string | null> {
    while (this.text === '' && !this.ended) await this.arrival.rung();
    // What was read from one packet comes within the same turn of the event loop.
    if (!this.ended) await turn();
    const { text } = this;
    this.text = '';
    this.departure.ring();
    if (text !== '') {
      if (!this.ended) this.heartbeat.refresh();
      return text;
    }
    if (this.failure !== null) throw this.failure as Error;
    return null;
  }

  stop(): void {
    this.ended = true;
    clearTimeout(this.heartbeat);
    this.arrival.ring();
    this.departure.ring();
  }

  private isFull(): boolean {
    return this.text.length >= MOST_AHEAD && !this.ended;
  }

  private add(text: string): void {
    this.text += text;
    this.arrival.ring();
  }
}

/** Wakes whoever waits for it. */
class Bell {
  private wake: (() => void) | null = null;

  async rung(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }

  ring(): void {
    this.wake?.();
    this.wake = null;
  }
}

const asText = ({ event, id, data }: ServerSentEvent): string =>
  `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
