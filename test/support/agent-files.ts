import { request } from 'node:http';
import { Readable } from 'node:stream';
import { ADMIN_KEY, type Answer, type TestApp } from './app.js';
import type { TestAgent } from './agent-team.js';

export interface BytesAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

type Method = NonNullable<NonNullable<Parameters<TestApp['call']>[1]>['method']>;

/** The files of one agent, over the API. */
export class AgentFilesCalls {
  constructor(
    private readonly app: TestApp,
    private readonly agent: TestAgent,
  ) {}

  url(what: string, query: Record<string, string | number | boolean> = {}): string {
    const texts = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
    return `${this.agent.path}/files${what}?${new URLSearchParams(texts).toString()}`;
  }

  async list(path: string, more: Record<string, string | number | boolean> = {}): Promise<Answer> {
    return this.app.call(this.url('', { path, ...more }));
  }

  async names(path: string): Promise<string[]> {
    const { body } = await this.list(path, { recursive: true });
    return (body.items as { path: string }[]).map((item) => item.path.replace(`${path}/`, ''));
  }

  async put(path: string, body: string, headers: Record<string, string> = {}): Promise<Answer> {
    const type = { 'content-type': 'application/octet-stream' };
    return this.app.call(this.url('/content', { path }), { method: 'PUT', body, headers: { ...type, ...headers } });
  }

  async change(method: Method, what: string, query: Record<string, string | boolean>, body?: object): Promise<Answer> {
    return this.app.call(this.url(what, query), { method, ...(body && { body }) });
  }

  async get(what: string, path: string, headers: Record<string, string> = {}, key = ADMIN_KEY): Promise<BytesAnswer> {
    const response = await fetch(`${this.app.url}/api/v1${this.url(what, { path })}`, {
      headers: { authorization: `Bearer ${key}`, ...headers },
    });
    return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
  }

  /** Sends bytes that fetch would not: in pieces, of no known length, or breaking off. */
  async send(
    what: string,
    path: string,
    type: string,
    source: Iterable<Buffer> | AsyncIterable<Buffer>,
  ): Promise<Answer> {
    const response = await fetch(`${this.app.url}/api/v1${this.url(what, { path })}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': type },
      body: Readable.toWeb(Readable.from(source)) as ReadableStream,
      duplex: 'half',
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }

  /** Its events, one by one. */
  async watch(path: string): Promise<{ next: () => Promise<unknown>; close: () => Promise<void> }> {
    const leave = new AbortController();
    const response = await fetch(`${this.app.url}/api/v1${this.url('/watch', { path })}`, {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
      signal: leave.signal,
    });
    const events = eventsOf(response.body as unknown as AsyncIterable<Uint8Array>);
    const close = async (): Promise<void> => {
      leave.abort();
      await events.next().catch(() => undefined);
    };
    return { next: async () => (await events.next()).value as unknown, close };
  }

  /** Begins an upload, and leaves when it is under way. */
  async leave(what: string, path: string, type: string, bytes: Buffer): Promise<void> {
    await new Promise<void>((resolve) => {
      const upload = request(`${this.app.url}/api/v1${this.url(what, { path })}`, {
        method: 'PUT',
        headers: {
          authorization: `Bearer ${ADMIN_KEY}`,
          'content-type': type,
          'content-length': bytes.length * 2,
        },
      });
      upload.on('error', () => undefined);
      upload.on('close', resolve);
      upload.write(bytes, () => upload.destroy());
    });
  }
}

async function* eventsOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator {
  let text = '';
  for await (const piece of stream) {
    text += Buffer.from(piece).toString('utf8');
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data !== undefined) yield JSON.parse(data);
    }
  }
}
