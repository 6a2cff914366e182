import type { Readable } from 'node:stream';
import type { EngineClient } from './engine-client.js';
import { toRuntimeError } from './engine-error.js';

export interface EngineStreamRequest {
  /** Completes "the engine refused to …". */
  readonly what: string;
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
  /** Ends the stream, and not as an error. */
  readonly signal: AbortSignal | undefined;
  readonly heartbeatMs: number;
}

/**
 * Reads an answer that may never end. It can be silent for any length of time, from its first byte on, so no time-out can
 * tell a quiet engine from a dead one; the engine is asked beside it now and then.
 *
 * @throws RuntimeError unavailable or timeout when the engine goes away
 */
export async function* readEngineStream(engine: EngineClient, request: EngineStreamRequest): AsyncGenerator<Buffer> {
  const { what, path, query, signal, heartbeatMs } = request;
  const end = new AbortController();
  let lost: unknown = null;
  const giveUp = (): void => {
    end.abort();
  };
  const heartbeat = setInterval(() => {
    engine.ping().catch((error: unknown) => {
      lost = error;
      end.abort();
    });
  }, heartbeatMs);
  signal?.addEventListener('abort', giveUp);
  if (signal?.aborted === true) giveUp();
  try {
    for await (const piece of await open(engine, path, query, end.signal)) yield piece as Buffer;
  } catch (error) {
    if (signal?.aborted === true) return;
    throw toRuntimeError(lost ?? error, what);
  } finally {
    clearInterval(heartbeat);
    signal?.removeEventListener('abort', giveUp);
    end.abort();
  }
}

function open(
  { docker }: EngineClient,
  path: string,
  query: Readonly<Record<string, unknown>>,
  abortSignal: AbortSignal,
): Promise<Readable> {
  return new Promise((resolve, reject) => {
    // dockerode reads a log that it does not follow into memory as a whole; asked for as a stream it has back-pressure.
    const options = {
      path: `${path}?`,
      method: 'GET',
      options: query,
      isStream: true,
      statusCodes: { 200: true, 404: 'not found' },
      abortSignal,
    };
    docker.modem.dial(options, (error, stream) => {
      if (error === null) resolve(stream as Readable);
      else reject(error);
    });
  });
}
