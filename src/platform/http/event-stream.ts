import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../../domain/errors/domain-error.js';

/** Proxies cut a connection that is silent for a minute or so. */
const HEARTBEAT_MS = 15_000;

export interface ServerSentEvent {
  readonly event: string;
  /** What Last-Event-ID says when the client comes back. */
  readonly id?: string;
  readonly data: object;
}

/**
 * Items as server-sent events, their data as JSON. A comment now and then keeps the connection alive; `event: problem` ends
 * a stream that broke off.
 */
export async function* eventStream<T>(
  items: AsyncIterable<T>,
  toEvent: (item: T) => ServerSentEvent,
  heartbeatMs = HEARTBEAT_MS,
): AsyncGenerator<string> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    let next = iterator.next();
    for (;;) {
      const silence = new AbortController();
      const result = await Promise.race([
        next,
        sleep(heartbeatMs, null, { signal: silence.signal, ref: false }).catch(() => null),
      ]);
      silence.abort();
      if (result === null) {
        yield ': still here\n\n';
        continue;
      }
      if (result.done === true) return;
      yield written(toEvent(result.value));
      next = iterator.next();
    }
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    yield written({ event: 'problem', data: { code: error.code, detail: error.message } });
  } finally {
    await iterator.return?.();
  }
}

/** Answers with a stream of server-sent events, as fast as the client reads. */
export async function sendEvents(reply: FastifyReply, events: AsyncIterable<string>): Promise<void> {
  await reply
    .header('content-type', 'text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(Readable.from(events, { objectMode: false }));
}

/** Aborted when the client is gone. */
export function clientGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    gone.abort();
  });
  return gone.signal;
}

const written = ({ event, id, data }: ServerSentEvent): string =>
  `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
