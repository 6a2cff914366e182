import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { LogLine } from '../../domain/runtime/container-runtime.js';

/** Proxies cut a connection that is silent for a minute or so. */
const HEARTBEAT_MS = 15_000;

/**
 * Log lines as server-sent events: `event: log`, data a JSON object {stream, at, text}; a comment now and then keeps the
 * connection alive; `event: problem` ends a stream that broke off.
 */
export async function* logEvents(lines: AsyncIterable<LogLine>, heartbeatMs = HEARTBEAT_MS): AsyncGenerator<string> {
  const iterator = lines[Symbol.asyncIterator]();
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
      yield event('log', result.value);
      next = iterator.next();
    }
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    yield event('problem', { code: error.code, detail: error.message });
  } finally {
    await iterator.return?.();
  }
}

const event = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
