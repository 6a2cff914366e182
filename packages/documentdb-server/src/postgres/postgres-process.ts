import { spawn, type ChildProcess } from 'node:child_process';
import { open, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServerStartError } from '../errors.js';
import { inNamespaces } from '../runtime/namespaces.js';
import { CLUSTER, PROGRAMS, SOCKETS } from './cluster.js';

const MAX_LOG_BYTES = 4 * 1024 * 1024;
const START_TIMEOUT_MS = 120_000;
const FAST_STOP_MS = 2000;
const IMMEDIATE_STOP_MS = 1000;

/** A running PostgreSQL server on a data folder. */
export class PostgresProcess {
  readonly ended: Promise<void>;

  private constructor(private readonly child: ChildProcess) {
    this.ended = new Promise((resolve) => {
      child.once('close', () => {
        resolve();
      });
    });
  }

  /** Starts the server; it may still be recovering when this returns. @throws ServerStartError */
  static async start(root: string, dataDir: string): Promise<PostgresProcess> {
    const logPath = join(dataDir, 'postgres.log');
    const size = await stat(logPath).then(
      (found) => found.size,
      () => 0,
    );
    if (size > MAX_LOG_BYTES) await truncate(logPath);
    const log = await open(logPath, 'a', 0o600);
    const { command, args } = inNamespaces(root, dataDir, [`${PROGRAMS}/postgres`, '-D', `/data/${CLUSTER}`]);
    // Its own process group: a Ctrl-C in the terminal is for the owner, who then stops the server in order.
    const child = spawn(command, args, { stdio: ['ignore', log.fd, log.fd], detached: true });
    const server = new PostgresProcess(child);
    child.once('error', () => undefined);
    await log.close();
    return server;
  }

  /** Waits until `attempt` succeeds. @throws ServerStartError when the server ends first or takes too long */
  async ready<T>(attempt: () => Promise<T>, dataDir: string): Promise<T> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!this.running())
          throw new ServerStartError(`PostgreSQL ended while starting: see ${join(dataDir, 'postgres.log')}.`, {
            cause: error,
          });
        if (Date.now() > deadline)
          throw new ServerStartError(`PostgreSQL did not become ready: see ${join(dataDir, 'postgres.log')}.`, {
            cause: error,
          });
      }
      await sleep(10);
    }
  }

  /** Shuts down in order; when that takes too long, at once, and the next start recovers from the log. */
  async stop(): Promise<void> {
    for (const [signal, milliseconds] of [
      ['SIGINT', FAST_STOP_MS],
      ['SIGQUIT', IMMEDIATE_STOP_MS],
      ['SIGKILL', IMMEDIATE_STOP_MS],
    ] as const) {
      if (!this.running()) return;
      this.child.kill(signal);
      await Promise.race([this.ended, sleep(milliseconds, undefined, { ref: false })]);
    }
  }

  private running(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }
}

/**
 * The folder of the server's socket, as this process connects to it. Through the working folder (which must be the data folder),
 * because the path of a Unix socket may have 107 bytes only, and a data folder's path may be longer.
 */
export const SOCKET_PATH = `${SOCKETS}/.s.PGSQL.5432`;
