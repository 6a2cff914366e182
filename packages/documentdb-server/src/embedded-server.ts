import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DataDirInUseError } from './errors.js';
import { Gateway } from './gateway/gateway.js';
import { PgConnection } from './pg-wire/pg-connection.js';
import { ensureCluster } from './postgres/cluster.js';
import { installExtension } from './postgres/install-extension.js';
import { endOrphans } from './postgres/orphans.js';
import { PostgresProcess, SOCKET_PATH } from './postgres/postgres-process.js';
import { FileLock } from './runtime/file-lock.js';
import { prepare, type Progress } from './runtime/prepare.js';
import type { ServerOptions } from './server-messages.js';

/** A killed owner's lock goes as soon as the kernel has cleaned up, which takes milliseconds. */
const LOCK_WAIT_SECONDS = 1;

/** PostgreSQL and the gateway on one data folder, in this process. It changes the working folder to the data folder. */
export class EmbeddedServer {
  /** Resolves when PostgreSQL has ended, asked or not. */
  readonly ended: Promise<void>;

  private constructor(
    private readonly lock: FileLock,
    private readonly postgres: PostgresProcess,
    private readonly gateway: Gateway,
    readonly password: string,
  ) {
    this.ended = postgres.ended;
  }

  get port(): number {
    return this.gateway.port;
  }

  /** @throws RuntimeUnavailableError | DataDirInUseError | ServerStartError */
  static async start(options: ServerOptions, onProgress: Progress): Promise<EmbeddedServer> {
    const dataDir = resolve(options.dataDir);
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const root = await prepare({
      onProgress,
      ...(options.cacheDir === undefined ? {} : { cacheDir: options.cacheDir }),
    });
    const lock = await FileLock.acquire(join(dataDir, 'lock'), LOCK_WAIT_SECONDS);
    if (!lock) throw new DataDirInUseError(dataDir);
    let postgres: PostgresProcess | undefined;
    try {
      await chmod(dataDir, 0o700);
      await endOrphans(dataDir);
      const password = options.password ?? (await keptPassword(dataDir));
      await ensureCluster(root, dataDir, options.durable);
      process.chdir(dataDir);
      const server = await PostgresProcess.start(root, dataDir);
      postgres = server;
      const connection = await server.ready(async () => PgConnection.open(SOCKET_PATH), dataDir);
      await installExtension(connection);
      connection.close();
      const gateway = await Gateway.start({
        socketPath: SOCKET_PATH,
        port: options.port,
        username: options.username,
        password,
      });
      return new EmbeddedServer(lock, server, gateway, password);
    } catch (error) {
      await postgres?.stop();
      await lock.release();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    await this.postgres.stop();
    await this.lock.release();
  }
}

/** The password made at the first start, for callers who give none. */
async function keptPassword(dataDir: string): Promise<string> {
  const path = join(dataDir, 'password');
  const kept = await readFile(path, 'utf8').catch(() => '');
  if (kept !== '') return kept.trim();
  const made = randomBytes(24).toString('base64url');
  await writeFile(path, `${made}\n`, { mode: 0o600 });
  return made;
}
