import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from '../../src/app.js';
import { testDatabase, type TestDatabase } from './database.js';
import { temporaryFolder } from './temporary-folder.js';

export const ADMIN_KEY = 'test-admin-key-0123456789abcdef';

export interface Request {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** JSON; a string is sent as it is. */
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** An API key; the bootstrap admin's unless given; null sends none. */
  readonly key?: string | null;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when it is JSON, else text; undefined when there is none. */
  readonly body: any;
}

/** A whole Muster in this process, listening on a loopback port, on a database of its own. */
export class TestApp {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly url: string,
    readonly database: TestDatabase,
    readonly dataDir: string,
    private readonly cleanUp: () => Promise<void>,
  ) {}

  /**
   * @param env on top of what every test wants
   * @param shared another Muster's database, to be two Musters on one; its owner drops it
   */
  static async start(env: Record<string, string> = {}, shared?: TestDatabase): Promise<TestApp> {
    const database = shared ?? (await testDatabase());
    const folder = await temporaryFolder();
    let app: NestFastifyApplication | undefined;
    const cleanUp = async (): Promise<void> => {
      await app?.close();
      await folder.remove();
      if (shared === undefined) await database.drop();
    };
    try {
      app = await createApp({
        HOST: '127.0.0.1',
        PORT: '0',
        DATA_DIR: folder.path,
        MONGODB_URI: database.uri,
        BOOTSTRAP_ADMIN_KEY: ADMIN_KEY,
        RUNTIME: 'process',
        LOG_LEVEL: 'fatal',
        ...env,
      });
      await app.listen(0, '127.0.0.1');
      return new TestApp(app, await app.getUrl(), database, folder.path, cleanUp);
    } catch (error) {
      await cleanUp();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.cleanUp();
  }

  /** @param path below /api/v1, or absolute when it begins with `//` (such as `//healthz`) */
  async call(path: string, { method = 'GET', body, headers = {}, key = ADMIN_KEY }: Request = {}): Promise<Answer> {
    const response = await fetch(`${this.url}${path.startsWith('//') ? path.slice(1) : `/api/v1${path}`}`, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = (response.headers.get('content-type') ?? '').includes('json');
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : json ? JSON.parse(text) : text,
    };
  }
}
