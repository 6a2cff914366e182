import type { Duplex } from 'node:stream';
import { TUNNEL_PROTOCOL } from './agent-protocol.js';
import { StreamTunnel } from './stream-tunnel.js';
import { upgradeStream } from './upgrade-stream.js';

/** agent-server gives up on a port after ten seconds. */
const OPEN_TIMEOUT_MS = 15_000;

/**
 * Asks an agent-server, over a stream of its own, to carry it on to a port.
 * @throws AgentUnreachableError when it does not
 */
export async function openTunnel(container: string, stream: Duplex, port: number): Promise<StreamTunnel> {
  const upgraded = await upgradeStream(container, stream, {
    path: `/v1/tunnels/${port}`,
    protocol: TUNNEL_PROTOCOL,
    timeoutMs: OPEN_TIMEOUT_MS,
    details: { port },
  });
  return new StreamTunnel(container, upgraded);
}
