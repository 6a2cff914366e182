import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';

/** A connection that is about to become a WebSocket. */
export interface Upgrade {
  readonly socket: Duplex;
  /** What the client has sent already beyond its request. */
  readonly head: Buffer;
}

const ABOUT_CONNECTION = /^(connection|upgrade|http2-settings)$/i;

/**
 * Lets requests for a WebSocket take the way of all requests: the same hooks, rules and problems; the route then takes the
 * connection over. Asked for anything else (clients of HTTP/2 ask for h2c), Muster goes on as if nothing had been asked.
 */
@Injectable()
export class Upgrades {
  private readonly waiting = new WeakMap<IncomingMessage, Upgrade>();

  register(fastify: FastifyInstance): void {
    const { server } = fastify;
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      // Until somebody takes it over, nobody else listens.
      socket.on('error', () => socket.destroy());
      if (!asksForWebSocket(request)) {
        goOnWithout(server, request, socket, head);
        return;
      }
      this.waiting.set(request, { socket, head });
      const response = new ServerResponse(request);
      response.shouldKeepAlive = false;
      response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0]);
      response.once('finish', () => socket.end());
      fastify.routing(request, response);
    });
  }

  /** The connection, if the request asked for a WebSocket and nobody has taken it; null for an ordinary request. */
  take({ raw }: FastifyRequest): Upgrade | null {
    const upgrade = this.waiting.get(raw) ?? null;
    this.waiting.delete(raw);
    return upgrade;
  }
}

/** RFC 6455, section 4.1: a GET without a body. */
export const asksForWebSocket = ({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean =>
  method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';

/** Node hands the connection over as soon as an upgrade is asked for, body unread: the request is put back without the asking. */
function goOnWithout(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method = 'GET', url = '/', httpVersion, rawHeaders, headers } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (!ABOUT_CONNECTION.test(name)) lines.push(`${name}: ${rawHeaders[index + 1] ?? ''}`);
  }
  if (/\bclose\b/i.test(headers.connection ?? '')) lines.push('connection: close');
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}
