import { request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { AgentUnreachableError } from '../../domain/runtime/runtime-errors.js';
import { TUNNEL_PROTOCOL } from './agent-protocol.js';
import { StreamTunnel } from './stream-tunnel.js';

/** agent-server gives up on a port after ten seconds. */
const OPEN_TIMEOUT_MS = 15_000;

/**
 * Asks an agent-server, over a stream of its own, to carry it on to a port.
 * @throws AgentUnreachableError when it does not
 */
export function openTunnel(container: string, stream: Duplex, port: number): Promise<StreamTunnel> {
  return new Promise((resolve, reject) => {
    const fail = (cause?: unknown): void => {
      stream.destroy();
      reject(new AgentUnreachableError(container, { cause, details: { port } }));
    };
    const request = httpRequest({
      createConnection: () => stream,
      host: 'agent',
      method: 'GET',
      path: `/v1/tunnels/${port}`,
      headers: { connection: 'Upgrade', upgrade: TUNNEL_PROTOCOL },
    });
    const late = setTimeout(fail, OPEN_TIMEOUT_MS);
    request.once('upgrade', (response, upgraded, head) => {
      clearTimeout(late);
      if (response.headers.upgrade !== TUNNEL_PROTOCOL) {
        fail();
        return;
      }
      if (head.length > 0) upgraded.unshift(head);
      resolve(new StreamTunnel(container, upgraded));
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
