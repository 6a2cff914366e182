import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../../domain/errors/domain-error.js';

/** Proxies cut a connection that is silent for a minute or so. */
const HEARTBEAT_MS = 15_000;

/**
 * Items as server-sent events, their data JSON; a comment now and then keeps the connection alive; `event: problem` ends a
 * stream that broke off.
 */
export async function* serverSentEvents<T>(
  items: AsyncIterable<T>,
  toEvent: (item: T) => { readonly event: string; readonly data: object },
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
      const { event, data } = toEvent(result.value);
      yield told(event, data);
      next = iterator.next();
    }
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    yield told('problem', { code: error.code, detail: error.message });
  } finally {
    await iterator.return?.();
  }
}

const told = (event: string, data: object): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
