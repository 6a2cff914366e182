import { WebSocket } from 'ws';
import { eventually } from './eventually.js';

export interface Refused {
  readonly status: number;
  readonly body: any;
}

/** A client in front of a terminal. */
export class TerminalClient {
  /** All bytes it was sent, as text. */
  said = '';
  readonly controls: unknown[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data, isBinary) => {
      const text = (data as Buffer).toString();
      if (isBinary) this.said += text;
      else this.controls.push(JSON.parse(text));
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    socket.on('error', () => undefined);
  }

  /** @param url of the Muster @param path with its query */
  static async connect(
    url: string,
    path: string,
    headers: Record<string, string> = {},
  ): Promise<TerminalClient | Refused> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, { headers, perMessageDeflate: false });
    const client = new TerminalClient(socket);
    return new Promise((resolve, reject) => {
      socket.once('open', () => {
        resolve(client);
      });
      socket.once('unexpected-response', (_request, response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => {
          const body: unknown = JSON.parse(Buffer.concat(parts).toString());
          resolve({ status: response.statusCode ?? 0, body });
        });
      });
      socket.once('close', () => {
        reject(new Error('The connection was closed before it was a WebSocket.'));
      });
    });
  }

  type(text: string): void {
    this.socket.send(Buffer.from(text), { binary: true });
  }

  control(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Waits until it was sent this. */
  async sees(pattern: RegExp): Promise<RegExpExecArray> {
    return eventually(async () => {
      const found = pattern.exec(this.said);
      if (found === null) throw new Error(`not yet: ${JSON.stringify(this.said.slice(-500))}`);
      return Promise.resolve(found);
    });
  }

  async ends(): Promise<{ readonly code: number; readonly reason: string }> {
    return eventually(async () => {
      if (this.closed === null) throw new Error('still open');
      return Promise.resolve(this.closed);
    });
  }
}
