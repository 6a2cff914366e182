import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  DataDirInUseError,
  InvalidOptionsError,
  RuntimeUnavailableError,
  ServerStartError,
  type RuntimeObstacle,
} from './errors.js';
import type { Progress } from './runtime/prepare.js';
import type { ServerMessage, ServerOptions } from './server-messages.js';

const HOST = '127.0.0.1';
const STOP_TIMEOUT_MS = 10_000;

export interface CreateOptions {
  /** Folder that keeps the data; made when it is not there. One server at a time. */
  readonly dataDir: string;
  /** TCP port on loopback. @default a free one */
  readonly port?: number;
  /** @default 'muster' */
  readonly username?: string;
  /** @default a random one, made at the first start and kept in dataDir with mode 0600 */
  readonly password?: string;
  /**
   * Whether a write is on disk when it is acknowledged. Without it, a crash of the machine may lose or break the data, a crash of the
   * processes may not: for tests only. @default true
   */
  readonly durable?: boolean;
  /** Folder for the downloaded programs. @default $XDG_CACHE_HOME/muster, or ~/.cache/muster */
  readonly cacheDir?: string;
  readonly onProgress?: Progress;
}

/** A running database server. */
export interface DocumentDbServer {
  /** Connection string for MongoDB drivers, with the password in it. */
  readonly uri: string;
  readonly port: number;
  /** Resolves when the server has ended, by stop() or by itself. */
  readonly ended: Promise<void>;
  /** Shuts down in order; resolves when no process is left. */
  stop(): Promise<void>;
}

/**
 * Starts a MongoDB-compatible database on a data folder, in a process of its own, which ends when this one does.
 * The first start on a machine downloads the programs.
 * @throws RuntimeUnavailableError | DataDirInUseError | ServerStartError | InvalidOptionsError
 */
export async function create(options: CreateOptions): Promise<DocumentDbServer> {
  const { onProgress = () => undefined } = options;
  const username = options.username ?? 'muster';
  const settings: ServerOptions = {
    dataDir: resolve(options.dataDir),
    port: options.port ?? 0,
    username,
    durable: options.durable ?? true,
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(options.cacheDir === undefined ? {} : { cacheDir: resolve(options.cacheDir) }),
  };
  requirePlain('username', username);
  if (options.password !== undefined) requirePlain('password', options.password);

  // Always the built file: under Jest this module is run from src/, where a plain child process could not run it.
  const program = fileURLToPath(new URL('../dist/server.js', import.meta.url));
  const child = spawn(process.execPath, ['--max-semi-space-size=4', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
    cwd: '/',
    env: environmentOf(process.env),
  });
  const ended = new Promise<void>((settle) => {
    child.once('close', () => {
      settle();
    });
    child.once('error', () => {
      settle();
    });
  });
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${JSON.stringify(settings)}\n`);
  const ready = await started(child, settings.dataDir, onProgress);
  // A program that forgets to stop its database can still end; the database then sees its stdin close.
  child.unref();
  for (const stream of [child.stdin, child.stdout]) if (stream instanceof Socket) stream.unref();
  const credentials = `${encodeURIComponent(username)}:${encodeURIComponent(ready.password)}`;
  return {
    uri: `mongodb://${credentials}@${HOST}:${String(ready.port)}/?authSource=admin&authMechanism=SCRAM-SHA-256&directConnection=true&retryWrites=false`,
    port: ready.port,
    ended,
    stop: async () => stop(child, ended),
  };
}

async function started(
  child: ChildProcess,
  dataDir: string,
  onProgress: Progress,
): Promise<{ port: number; password: string }> {
  const { stdout } = child;
  if (!stdout) throw new ServerStartError('The server process has no output.');
  return new Promise((settle, reject) => {
    createInterface({ input: stdout }).on('line', (line) => {
      const message = JSON.parse(line) as ServerMessage;
      if (message.kind === 'progress') onProgress(message.line);
      else if (message.kind === 'ready') settle(message);
      else reject(toError(message, dataDir));
    });
    child.once('error', (cause) => {
      reject(new ServerStartError('The server process could not be started.', { cause }));
    });
    child.once('close', (code) => {
      reject(new ServerStartError(`The server process ended with ${String(code)} before it was ready.`));
    });
  });
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.ref();
  child.stdin?.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}

function toError(message: Extract<ServerMessage, { kind: 'failed' }>, dataDir: string): Error {
  switch (message.code) {
    case 'DATA_DIR_IN_USE':
      return new DataDirInUseError(dataDir);
    case 'RUNTIME_UNAVAILABLE':
      return new RuntimeUnavailableError((message.obstacle ?? 'unpack-failed') as RuntimeObstacle, message.message);
    default:
      return new ServerStartError(message.message);
  }
}

/** Names and passwords that SCRAM's string preparation leaves alone, so that none has to be done. */
function requirePlain(what: string, value: string): void {
  if (!/^[\x21-\x7e]+$/.test(value))
    throw new InvalidOptionsError(`The ${what} must be of printable ASCII characters without spaces.`);
}

/** What finding programs, the cache and the archive needs. The rest of a host's environment often holds secrets of its own. */
const PASSED_ON =
  /^(PATH|HOME|USER|LANG|LC_.*|TZ|TMPDIR|XDG_.*|NODE_EXTRA_CA_CERTS|SSL_CERT_.*|APT_CONFIG|(https?|ftp|all|no)_proxy)$/i;

function environmentOf(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => PASSED_ON.test(name)));
}
