import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const ADMIN_KEY = 'test-admin-key-0123456789abcdef';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

export interface MusterOptions {
  readonly mongoUri: string;
  readonly dataDir: string;
  readonly env?: Record<string, string>;
}

/** A Muster that has not begun. */
export interface StandBy {
  begin(): Promise<MusterProcess>;
  kill(): Promise<void>;
}

/** The built API as a process of its own, which can be killed. `npm test` builds it. */
export class MusterProcess {
  private constructor(
    readonly url: string,
    readonly dataDir: string,
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly output: string[],
  ) {}

  /** Starts it and waits until it is ready. `dataDir` is kept: give the same one again for a restart. */
  static async start(options: MusterOptions): Promise<MusterProcess> {
    const muster = await MusterProcess.launch(['--enable-source-maps', resolve('dist/main.js')], options);
    await muster.ready();
    return muster;
  }

  /**
   * One that has loaded its program, and begins when it is told to: what takes longest is done by then. Who does not have it begin kills
   * it.
   */
  static async standBy(options: MusterOptions): Promise<StandBy> {
    const muster = await MusterProcess.launch(['--enable-source-maps', resolve('test/support/stand-by.mjs')], options);
    return {
      begin: async () => {
        muster.child.stdin.end('begin');
        await muster.ready();
        return muster;
      },
      kill: async () => muster.kill(),
    };
  }

  private static async launch(program: readonly string[], options: MusterOptions): Promise<MusterProcess> {
    const port = await freePort();
    const output: string[] = [];
    const child = spawn(process.execPath, program, {
      env: {
        PATH: process.env['PATH'],
        HOST: '127.0.0.1',
        PORT: String(port),
        DATA_DIR: options.dataDir,
        MONGODB_URI: options.mongoUri,
        BOOTSTRAP_ADMIN_KEY: ADMIN_KEY,
        RUNTIME: 'process',
        LOG_LEVEL: 'warn',
        ...options.env,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // One that was killed reads no more.
    child.stdin.on('error', () => undefined);
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => output.push(text.toString()));
    const muster = new MusterProcess(`http://127.0.0.1:${port}`, options.dataDir, child, output);
    return muster;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** What it has written so far. */
  get log(): string {
    return this.output.join('');
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** kill -9, at once; resolves when it is gone. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** SIGTERM, and the exit code it ends with. */
  async stop(): Promise<number | null> {
    await this.end('SIGTERM');
    return this.child.exitCode;
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${ADMIN_KEY}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }

  private async ready(): Promise<void> {
    for (let waited = 0; waited < 60_000; waited += 50) {
      if (!this.running) break;
      if (
        await fetch(`${this.url}/readyz`).then(
          (r) => r.ok,
          () => false,
        )
      )
        return;
      await sleep(50);
    }
    await this.kill();
    throw new Error(`Muster did not get ready:\n${this.log}`);
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.running) return;
    const gone = new Promise((done) => this.child.once('exit', done));
    this.child.kill(signal);
    await gone;
  }
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer().once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        done(port);
      });
    });
  });
}
