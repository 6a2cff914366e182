import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { log } from '../log.js';
import { UPLINK_PROTOCOL, type NameResponse } from '../protocol.js';

/** How long a program waits for a Muster that is not there just now: longer than another one takes to take over. */
const WAIT_MS = 15_000;
/** A name is told at once, or not. */
const NAME_TIMEOUT_MS = 10_000;
const MOST_UPLINKS = 4;
const LONGEST_NAME_ANSWER = 4096;

/** Thrown when Muster does not answer, or does not answer as it should. */
class UplinkMissingError extends Error {
  override readonly name = 'UplinkMissingError';
}

/**
 * The connections on which Muster takes what the agent asks for: HTTP/2, of which Muster is the server, although it was Muster who
 * dialled. The newest is asked; older ones go on with what was begun on them.
 */
export class Uplinks {
  private readonly sessions: ClientHttp2Session[] = [];
  private readonly waiting = new Set<(session: ClientHttp2Session) => void>();

  /** Takes over a connection whose upgrade was asked for. */
  take(client: Duplex, head: Buffer): void {
    client.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${UPLINK_PROTOCOL}\r\n\r\n`);
    if (head.length > 0) client.unshift(head);
    // The other side does not end one direction alone: its end is that of all.
    client.once('end', () => client.destroy());
    const session = connect('http://muster', { createConnection: () => client, settings: { enablePush: false } });
    session.on('error', () => undefined);
    session.once('close', () => {
      this.forget(session);
    });
    session.once('goaway', () => {
      this.forget(session);
    });
    this.sessions.push(session);
    if (this.sessions.length > MOST_UPLINKS) this.sessions[0]?.destroy();
    log('Muster took up what this agent asks for');
    for (const wake of this.waiting) wake(session);
    this.waiting.clear();
  }

  /** Asks for a connection to a port of a name. @throws UplinkMissingError when no Muster is there for too long */
  async open(name: string, port: number): Promise<ClientHttp2Stream> {
    const session = await this.current();
    return session.request({ ':method': 'CONNECT', ':authority': `${name}:${port}` }, { endStream: false });
  }

  /**
   * The ports at which a name is to be reached; none: there is no such name.
   * @throws UplinkMissingError when that cannot be told now
   */
  async portsOf(name: string): Promise<readonly number[]> {
    const session = await this.current();
    const stream = session.request({ ':method': 'GET', ':path': `/v1/names/${encodeURIComponent(name)}` });
    return new Promise((resolve, reject) => {
      const fail = (): void => {
        stream.destroy();
        reject(new UplinkMissingError());
      };
      stream.setTimeout(NAME_TIMEOUT_MS, fail);
      let status = 0;
      let body = '';
      stream.setEncoding('utf8');
      stream.on('response', (headers) => (status = headers[':status'] ?? 0));
      stream.on('data', (piece: string) => {
        body += piece;
        if (body.length > LONGEST_NAME_ANSWER) fail();
      });
      stream.on('error', fail);
      stream.on('close', fail);
      stream.on('end', () => {
        const ports = status === 404 ? [] : status === 200 ? readPorts(body) : null;
        if (ports === null) fail();
        else resolve(ports);
      });
    });
  }

  private async current(): Promise<ClientHttp2Session> {
    const newest = this.sessions.at(-1);
    if (newest !== undefined && !newest.closed && !newest.destroyed) return newest;
    return new Promise((resolve, reject) => {
      const wake = (session: ClientHttp2Session): void => {
        clearTimeout(late);
        resolve(session);
      };
      const late = setTimeout(() => {
        this.waiting.delete(wake);
        reject(new UplinkMissingError('no Muster is there'));
      }, WAIT_MS);
      this.waiting.add(wake);
    });
  }

  private forget(session: ClientHttp2Session): void {
    const at = this.sessions.indexOf(session);
    if (at !== -1) this.sessions.splice(at, 1);
  }
}

function readPorts(body: string): readonly number[] | null {
  try {
    return (JSON.parse(body) as NameResponse).ports;
  } catch {
    return null;
  }
}
