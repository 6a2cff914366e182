import { constants, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { isHostName, type Destination } from '../../domain/network/destination.js';
import { Uplink, UplinkCall, type CallRefusal, type UplinkHandler } from '../../domain/runtime/uplink.js';
import type { Tunnel } from '../../domain/runtime/tunnel.js';
import { StreamTunnel } from './stream-tunnel.js';

const NAME = /^\/v1\/names\/([^/?#]{1,255})$/;
const AUTHORITY = /^([^:]{1,254}):([1-9]\d{0,4})$/;
const LAST_PORT = 65_535;

/** agent-server resets the program's connection whatever it is; the status is for who reads along. */
const STATUSES: Readonly<Record<CallRefusal, number>> = {
  'not-allowed': 403,
  'address-refused': 403,
  'no-address': 502,
  unreachable: 502,
  'peer-not-running': 503,
  unavailable: 503,
  timeout: 504,
  'too-many': 429,
};

/** An agent's questions, on an HTTP/2 session of which it is the client. */
export class Http2Uplink extends Uplink {
  readonly closed: Promise<void>;
  private session: ServerHttp2Session | null = null;
  private isOver = false;
  private end = (): void => undefined;

  constructor(
    private readonly container: string,
    private readonly handler: UplinkHandler,
  ) {
    super();
    this.closed = new Promise((resolve) => (this.end = resolve));
  }

  /** Answers what is asked on it, until it ends. To be called once. */
  serve(session: ServerHttp2Session): void {
    this.session = session;
    session.once('close', this.end);
    // It is followed by 'close'.
    session.on('error', () => undefined);
    session.on('stream', (asked, headers) => {
      this.answer(asked, headers);
    });
    if (this.isOver) session.destroy();
  }

  close(): void {
    this.isOver = true;
    this.session?.destroy();
  }

  private answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => undefined);
    const { ':method': method, ':path': path = '', ':authority': authority = '' } = headers;
    const destination = method === 'CONNECT' ? destinationOf(authority) : null;
    const name = method === 'GET' ? hostName(NAME.exec(path)?.[1]) : null;
    if (destination !== null) void this.handler.carry(new Http2Call(this.container, stream, destination));
    else if (name !== null) void this.tell(stream, name);
    else respond(stream, 404);
  }

  private async tell(stream: ServerHttp2Stream, name: string): Promise<void> {
    try {
      const ports = await this.handler.portsOf(name);
      if (ports.length === 0) respond(stream, 404);
      else respond(stream, 200, JSON.stringify({ ports }));
    } catch {
      respond(stream, 503);
    }
  }
}

class Http2Call extends UplinkCall {
  readonly gone: AbortSignal;

  constructor(
    private readonly container: string,
    private readonly stream: ServerHttp2Stream,
    readonly destination: Destination,
  ) {
    super();
    const gone = new AbortController();
    this.gone = gone.signal;
    stream.once('close', () => {
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR || !stream.readableEnded || !stream.writableFinished)
        gone.abort();
    });
    if (stream.closed) gone.abort();
  }

  accept(): Tunnel {
    respond(this.stream, 200, null);
    return new StreamTunnel(this.container, this.stream);
  }

  refuse(why: CallRefusal): void {
    if (!this.stream.headersSent) respond(this.stream, STATUSES[why]);
  }
}

/** @param body null: what follows is not said yet */
function respond(stream: ServerHttp2Stream, status: number, body: string | null = ''): void {
  if (stream.closed || stream.destroyed) return;
  stream.respond({ ':status': status });
  if (body === null) return;
  stream.end(body);
  // What it sends all the same is not read.
  if (status >= 400) stream.close(constants.NGHTTP2_NO_ERROR);
}

function destinationOf(authority: string): Destination | null {
  const [, named, digits = ''] = AUTHORITY.exec(authority) ?? [];
  const host = hostName(named);
  const port = Number(digits);
  return host !== null && port <= LAST_PORT ? { host, port } : null;
}

/** In the one spelling that is compared. */
function hostName(text: string | undefined): string | null {
  const name = text?.toLowerCase().replace(/\.$/, '') ?? '';
  return isHostName(name) ? name : null;
}
