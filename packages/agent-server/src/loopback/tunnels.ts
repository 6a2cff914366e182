import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TUNNEL_PROTOCOL } from '../protocol.js';
import { refuseUpgrade } from '../serving/refuse-upgrade.js';
import { connectLoopback } from './connect-loopback.js';

const TUNNEL = /^\/v1\/tunnels\/([1-9]\d{0,4})$/;
const MOST_TUNNELS = 512;
const CONNECT_TIMEOUT_MS = 10_000;
const LAST_PORT = 65_535;

/**
 * Carries connections to ports of the container's own loopback: what is asked for by an upgrade becomes a stream of bytes in
 * both directions. Each side may end its own and go on reading; whoever does not read makes the other wait.
 */
export class Tunnels {
  private open = 0;

  /** false: it is no tunnel that is asked for. */
  take(request: IncomingMessage, client: Duplex, head: Buffer): boolean {
    const port = portOf(request);
    if (port === null) return false;
    if (this.open >= MOST_TUNNELS) refuseUpgrade(client, '503 Service Unavailable');
    else {
      this.open += 1;
      client.once('close', () => (this.open -= 1));
      void carry(client, head, port);
    }
    return true;
  }
}

function portOf({ method, url = '', headers }: IncomingMessage): number | null {
  const port = Number(TUNNEL.exec(url)?.[1] ?? 0);
  const isAsked = method === 'GET' && headers.upgrade === TUNNEL_PROTOCOL;
  return isAsked && port > 0 && port <= LAST_PORT ? port : null;
}

async function carry(client: Duplex, head: Buffer, port: number): Promise<void> {
  const gone = new AbortController();
  client.once('close', () => {
    gone.abort(new Error('the client is gone'));
  });
  let server: Socket;
  try {
    server = await connectLoopback(port, AbortSignal.any([gone.signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]));
  } catch {
    refuseUpgrade(client, '502 Bad Gateway');
    return;
  }
  client.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${TUNNEL_PROTOCOL}\r\n\r\n`);
  if (head.length > 0) client.unshift(head);
  server.on('error', () => client.destroy());
  server.once('close', () => {
    if (!client.writableEnded) client.destroy();
  });
  client.once('close', () => server.destroy());
  client.pipe(server);
  server.pipe(client);
}
