import { PgConnection, type Row, type Statement } from './pg-connection.js';
import type { PgParameter } from './pg-messages.js';

/**
 * Connections to PostgreSQL, lent out one user at a time. The last one given back is lent first, so that few stay warm and the rest
 * can be closed.
 */
export class PgPool {
  private readonly idle: PgConnection[] = [];
  private readonly waiting: ((connection: PgConnection) => void)[] = [];
  private readonly all = new Set<PgConnection>();
  private lent = 0;
  private closed = false;

  constructor(
    private readonly path: string,
    private readonly size: number,
  ) {}

  get idleCount(): number {
    return this.idle.length;
  }

  /** How many connections there are, idle ones and extra ones included. */
  get open(): number {
    return this.all.size;
  }

  /** Runs one statement on any connection. */
  async execute(statement: Statement, parameters: readonly PgParameter[]): Promise<Row[]> {
    const connection = await this.acquire();
    try {
      return await connection.execute(statement, parameters);
    } finally {
      this.release(connection);
    }
  }

  async acquire(): Promise<PgConnection> {
    for (let connection = this.idle.pop(); connection; connection = this.idle.pop()) {
      if (!connection.alive) {
        this.all.delete(connection);
        continue;
      }
      this.lent++;
      return connection;
    }
    if (this.lent < this.size) {
      this.lent++;
      try {
        return await this.connect();
      } catch (error) {
        this.lent--;
        throw error;
      }
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /**
   * A connection of its own, beside the pool's size: for a transaction or a cursor that keeps it. If these came out of the
   * pool, statements that wait for a transaction's locks could use the pool up, and the transaction could never end.
   */
  async acquireExtra(): Promise<PgConnection> {
    for (let connection = this.idle.pop(); connection; connection = this.idle.pop()) {
      if (connection.alive) return connection;
      this.all.delete(connection);
    }
    return this.connect();
  }

  /** Gives back what `acquireExtra` gave, in a clean state, or has it closed. */
  releaseExtra(connection: PgConnection): void {
    if (this.closed || !connection.alive || this.idle.length + this.lent >= this.size) {
      this.all.delete(connection);
      connection.close();
    } else {
      this.idle.push(connection);
    }
  }

  /** Turns a connection from `acquire` into one as from `acquireExtra`: its user keeps it, and the pool may grow again. */
  keep(): void {
    this.lent--;
    this.replace();
  }

  release(connection: PgConnection): void {
    if (!connection.alive || this.closed) {
      this.lent--;
      this.all.delete(connection);
      connection.close();
      this.replace();
      return;
    }
    const next = this.waiting.shift();
    if (next) {
      next(connection);
      return;
    }
    this.lent--;
    this.idle.push(connection);
  }

  /** Closes every connection, also those lent out. */
  destroy(): void {
    this.closed = true;
    for (const connection of this.all) connection.destroy();
    this.all.clear();
    this.idle.length = 0;
  }

  private async connect(): Promise<PgConnection> {
    const connection = await PgConnection.open(this.path);
    if (this.closed) connection.destroy();
    else this.all.add(connection);
    return connection;
  }

  /** Opens a connection for who waits, after one was lost. */
  private replace(): void {
    const next = this.waiting.shift();
    if (!next || this.closed) return;
    this.lent++;
    this.connect().then(next, () => {
      this.lent--;
      this.waiting.unshift(next);
      setTimeout(() => {
        this.replace();
      }, 100).unref();
    });
  }
}
