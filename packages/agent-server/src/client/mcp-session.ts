import { randomUUID } from 'node:crypto';
import { readEventStream } from './read-event-stream.js';

const PROTOCOL_VERSION = '2025-06-18';

export interface JsonRpcResponse {
  readonly jsonrpc: '2.0';
  readonly id: string | number | null;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** Opens a session of MCP's Streamable HTTP. @throws Error when nobody is there who speaks it */
export async function openSession(url: string, timeoutMs: number): Promise<McpSession> {
  const opening = new McpSession(url, timeoutMs, {});
  const { response, answer } = await opening.request('initialize', {
    protocolVersion: PROTOCOL_VERSION,
    capabilities: {},
    clientInfo: { name: 'muster-agent', version: '1' },
  });
  if (answer?.result === undefined) throw new Error(`${url} refused to begin: ${describe(response, answer)}`);
  const id = response.headers.get('mcp-session-id');
  const version = answer.result['protocolVersion'];
  const session = new McpSession(url, timeoutMs, {
    'mcp-protocol-version': typeof version === 'string' ? version : PROTOCOL_VERSION,
    ...(id === null ? {} : { 'mcp-session-id': id }),
  });
  await session.notify('notifications/initialized');
  return session;
}

/** One conversation with one server. */
export class McpSession {
  constructor(
    private readonly url: string,
    private readonly timeoutMs: number,
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  /** @returns `session-gone` when the server does not know this session, and so did not take the request */
  async ask(method: string, params: object): Promise<JsonRpcResponse | 'session-gone'> {
    const { response, answer } = await this.request(method, params);
    if (answer !== null) return answer;
    if (response.status === 404 && 'mcp-session-id' in this.headers) return 'session-gone';
    throw new Error(`${this.url} did not answer ${method}: ${describe(response, null)}`);
  }

  /** What came of a request: null where no message answers it. */
  async request(method: string, params: object): Promise<{ response: Response; answer: JsonRpcResponse | null }> {
    const id = randomUUID();
    const response = await this.send('POST', { jsonrpc: '2.0', id, method, params });
    return { response, answer: await answerTo(id, response) };
  }

  async notify(method: string): Promise<void> {
    const response = await this.send('POST', { jsonrpc: '2.0', method });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`${this.url} refused ${method}: ${describe(response, null)}`);
  }

  /** Servers may refuse to end sessions, and forget them in time. */
  async end(): Promise<void> {
    if ('mcp-session-id' in this.headers) await (await this.send('DELETE')).body?.cancel();
  }

  private async send(method: string, body?: object): Promise<Response> {
    return fetch(this.url, {
      method,
      headers: {
        accept: 'application/json, text/event-stream',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...this.headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(this.timeoutMs),
    });
  }
}

/** Servers answer with one JSON object, or with a stream in which there may be more. */
async function answerTo(id: string, response: Response): Promise<JsonRpcResponse | null> {
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('text/event-stream') && response.body !== null) {
    for await (const data of readEventStream(response.body)) {
      const message = responseIn(data);
      if (message?.id === id) return message;
    }
    return null;
  }
  const message = responseIn(await response.text());
  return message?.id === id ? message : null;
}

function responseIn(text: string): JsonRpcResponse | null {
  try {
    const message = JSON.parse(text) as JsonRpcResponse | null;
    return typeof message === 'object' ? message : null;
  } catch {
    // A page of something that is no MCP server; the status says more.
    return null;
  }
}

const describe = ({ status }: Response, answer: JsonRpcResponse | null): string =>
  answer?.error === undefined ? `status ${status}` : answer.error.message;
