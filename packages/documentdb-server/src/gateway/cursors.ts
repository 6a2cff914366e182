import type { PgConnection } from '../pg-wire/pg-connection.js';
import type { PgPool } from '../pg-wire/pg-pool.js';
import type { Client } from './client.js';

const IDLE_MS = 10 * 60_000;
const SWEEP_MS = 30_000;

/** A cursor that has more to give. */
export interface OpenCursor {
  readonly id: bigint;
  readonly database: string;
  readonly namespace: string;
  /** Where DocumentDB goes on, in its own words. */
  continuation: Buffer;
  /** The connection that holds the result, when DocumentDB keeps it there, or the connection of its transaction. */
  readonly pinned: PgConnection | undefined;
  /** The session whose transaction the cursor belongs to. */
  readonly transaction: string | undefined;
  client: Client;
  usedAt: number;
}

/** The open cursors of all clients. */
export class Cursors {
  private readonly open = new Map<bigint, OpenCursor>();
  private readonly sweeper: NodeJS.Timeout;

  constructor(private readonly pool: PgPool) {
    this.sweeper = setInterval(() => {
      this.closeIdle(Date.now() - IDLE_MS);
    }, SWEEP_MS);
    this.sweeper.unref();
  }

  get size(): number {
    return this.open.size;
  }

  add(cursor: OpenCursor): void {
    this.open.set(cursor.id, cursor);
  }

  get(id: bigint): OpenCursor | undefined {
    return this.open.get(id);
  }

  /** Closes a cursor; gives false when there is none with that id. */
  close(id: bigint): boolean {
    const cursor = this.open.get(id);
    if (!cursor) return false;
    this.open.delete(id);
    const { pinned } = cursor;
    if (pinned && cursor.transaction === undefined) {
      pinned.query('CLOSE ALL').then(
        () => {
          this.pool.releaseExtra(pinned);
        },
        () => {
          pinned.destroy();
          this.pool.releaseExtra(pinned);
        },
      );
    }
    return true;
  }

  closeOfClient(client: Client): void {
    for (const cursor of this.open.values()) if (cursor.client === client) this.close(cursor.id);
  }

  closeOfTransaction(session: string): void {
    for (const cursor of this.open.values()) if (cursor.transaction === session) this.close(cursor.id);
  }

  stop(): void {
    clearInterval(this.sweeper);
    this.open.clear();
  }

  private closeIdle(before: number): void {
    for (const cursor of this.open.values()) if (cursor.usedAt < before) this.close(cursor.id);
  }
}
