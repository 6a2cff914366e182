import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { ADMIN_KEY } from '../muster-process.js';

export interface McpAnswer {
  readonly status: number;
  readonly type: string;
  readonly sessionId: string | null;
  /** As it came. */
  readonly text: string;
  /** The messages in it, or the problem. */
  readonly messages: any[];
}

export const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
};

/** A client that sends what it is told, right or wrong. */
export class RawMcp {
  sessionId: string | null = null;
  private sent: ClientRequest | null = null;

  constructor(
    private readonly app: { readonly url: string },
    private readonly path: string,
    private readonly key = ADMIN_KEY,
  ) {}

  /** Begins a session, which is then used. */
  async begin(): Promise<McpAnswer> {
    const answer = await this.post(INITIALIZE);
    this.sessionId = answer.sessionId;
    return answer;
  }

  async post(body: unknown, headers: Record<string, string> = {}): Promise<McpAnswer> {
    return this.ask('POST', { 'content-type': 'application/json', ...headers }, body);
  }

  async ask(method: string, headers: Record<string, string> = {}, body?: unknown): Promise<McpAnswer> {
    const response = await this.open(method, headers, body);
    const said = await text(response);
    const type = response.headers['content-type'] ?? '';
    const messages = type.startsWith('text/event-stream')
      ? [...said.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data))
      : said === ''
        ? []
        : [JSON.parse(said)].flat();
    const sessionId = response.headers['mcp-session-id'];
    return {
      status: response.statusCode ?? 0,
      type,
      sessionId: typeof sessionId === 'string' ? sessionId : null,
      text: said,
      messages,
    };
  }

  /** Goes away from what it asked last. */
  abandon(): void {
    this.sent?.destroy();
  }

  /** The answer once its headers are there; nothing of it is read. */
  async open(method: string, headers: Record<string, string> = {}, body?: unknown): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const sent = request(`${this.app.url}/api/v1${this.path}/mcp`, {
        method,
        agent: false,
        headers: {
          authorization: `Bearer ${this.key}`,
          accept: 'application/json, text/event-stream',
          ...(this.sessionId === null ? {} : { 'mcp-session-id': this.sessionId }),
          ...headers,
        },
      });
      this.sent = sent;
      sent.once('response', resolve);
      sent.once('error', reject);
      sent.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
    });
  }
}
