import { request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { AgentUnreachableError } from '../../domain/runtime/runtime-errors.js';

export interface StreamUpgrade {
  readonly path: string;
  readonly protocol: string;
  readonly timeoutMs: number;
  /** What a failure tells beside the container. */
  readonly details?: Readonly<Record<string, string | number>>;
}

/**
 * Asks an agent-server to make something else of a stream of its own. What it said already in the new protocol is first to be read from the
 * stream that comes back.
 * @throws AgentUnreachableError when it does not; the stream is closed then
 */
export function upgradeStream(
  container: string,
  stream: Duplex,
  { path, protocol, timeoutMs, details = {} }: StreamUpgrade,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const fail = (cause?: unknown): void => {
      stream.destroy();
      reject(new AgentUnreachableError(container, { cause, details }));
    };
    const request = httpRequest({
      createConnection: () => stream,
      host: 'agent',
      method: 'GET',
      path,
      headers: { connection: 'Upgrade', upgrade: protocol },
    });
    const late = setTimeout(fail, timeoutMs);
    request.once('upgrade', (response, upgraded, head) => {
      clearTimeout(late);
      if (response.headers.upgrade !== protocol) {
        fail();
        return;
      }
      if (head.length > 0) upgraded.unshift(head);
      resolve(upgraded);
    });
    for (const refusal of ['response', 'information', 'error'] as const) {
      request.on(refusal, (cause: unknown) => {
        clearTimeout(late);
        fail(cause instanceof Error ? cause : undefined);
      });
    }
    request.end();
  });
}
