import type { PgConnection, Row, Statement } from '../pg-wire/pg-connection.js';
import type { PgParameter } from '../pg-wire/pg-messages.js';
import type { PgPool } from '../pg-wire/pg-pool.js';
import type { Client } from './client.js';
import type { Command } from './command.js';
import { CommandError, TRANSIENT } from './command-error.js';

/** As long as MongoDB lets a transaction live. */
const LIFETIME_MS = 60_000;
/** How long the outcome of a transaction is remembered, for a commit that is sent again. */
const MEMORY_MS = 5 * 60_000;
const SWEEP_MS = 5000;
/**
 * MongoDB fails at once with WriteConflict when another transaction has changed the document. PostgreSQL waits for the other one; a
 * short limit on that wait comes near enough, without mistaking a short statement for a conflict.
 */
const BEGIN = 'BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL lock_timeout = 50';

type Outcome = 'committed' | 'aborted';

interface Transaction {
  readonly number: number;
  readonly connection: PgConnection;
  client: Client;
  startedAt: number;
  outcome?: Outcome;
}

/** The transactions of all sessions: one at a time in each, on a PostgreSQL connection of its own. */
export class Transactions {
  private readonly bySession = new Map<string, Transaction>();
  private readonly sweeper: NodeJS.Timeout;

  constructor(
    private readonly pool: PgPool,
    private readonly onEnd: (session: string) => void,
  ) {
    this.sweeper = setInterval(() => {
      this.sweep();
    }, SWEEP_MS);
    this.sweeper.unref();
  }

  /** How many transactions are open now. */
  get open(): number {
    return [...this.bySession.values()].filter(({ outcome }) => outcome === undefined).length;
  }

  /** The connection on which a command of a transaction has to run; begins the transaction when the command says so. */
  async connectionFor(command: Command, client: Client): Promise<PgConnection> {
    const { session, transactionNumber: number } = command;
    if (session === undefined || number === undefined)
      throw new CommandError('BadValue', 'A transaction needs lsid and txnNumber.');
    const current = this.bySession.get(session);
    if (command.startsTransaction) {
      if (current && number < current.number)
        throw new CommandError(
          'TransactionTooOld',
          `Transaction ${String(number)} is older than the session's last one.`,
        );
      if (current) await this.end(session, current, 'aborted');
      const connection = await this.pool.acquireExtra();
      const begun: Transaction = { number, connection, client, startedAt: Date.now() };
      this.bySession.set(session, begun);
      // Not awaited: it travels with the first statement, and if it fails so does that one.
      connection.query(BEGIN).catch(() => undefined);
      return connection;
    }
    if (current?.number !== number) throw noSuchTransaction(number);
    if (current.outcome === 'committed')
      throw new CommandError('TransactionCommitted', `Transaction ${String(number)} has been committed.`);
    if (current.outcome === 'aborted') throw noSuchTransaction(number);
    current.client = client;
    return current.connection;
  }

  async execute(
    command: Command,
    client: Client,
    statement: Statement,
    parameters: readonly PgParameter[],
  ): Promise<Row[]> {
    const connection = await this.connectionFor(command, client);
    return connection.execute(statement, parameters);
  }

  async commit(command: Command): Promise<void> {
    const current = this.lookUp(command);
    if (current?.outcome === 'committed') return;
    if (!current || current.outcome === 'aborted') throw noSuchTransaction(command.transactionNumber);
    await this.end(command.session ?? '', current, 'committed');
  }

  async abort(command: Command): Promise<void> {
    const current = this.lookUp(command);
    if (current?.outcome === 'committed')
      throw new CommandError('TransactionCommitted', 'The transaction has been committed.');
    if (!current || current.outcome === 'aborted') throw noSuchTransaction(command.transactionNumber);
    await this.end(command.session ?? '', current, 'aborted');
  }

  /** Rolls a session's transaction back, if one is open: after an error in it, or when its client is gone. */
  async abortOf(session: string): Promise<void> {
    const current = this.bySession.get(session);
    if (current && current.outcome === undefined) await this.end(session, current, 'aborted');
  }

  /** The client has ended its session. */
  async forget(session: string): Promise<void> {
    await this.abortOf(session);
    this.bySession.delete(session);
  }

  async abortOfClient(client: Client): Promise<void> {
    for (const [session, transaction] of this.bySession) {
      if (transaction.client === client) await this.abortOf(session);
    }
  }

  stop(): void {
    clearInterval(this.sweeper);
    this.bySession.clear();
  }

  private lookUp(command: Command): Transaction | undefined {
    const current = this.bySession.get(command.session ?? '');
    return current?.number === command.transactionNumber ? current : undefined;
  }

  private async end(session: string, transaction: Transaction, outcome: Outcome): Promise<void> {
    if (transaction.outcome !== undefined) return;
    transaction.outcome = outcome;
    transaction.startedAt = Date.now();
    this.onEnd(session);
    try {
      await transaction.connection.query(outcome === 'committed' ? 'COMMIT' : 'ROLLBACK');
    } catch (error) {
      // A rollback whose connection is gone has happened; a commit's fate is the caller's problem.
      transaction.outcome = 'aborted';
      if (outcome === 'committed') throw error;
    } finally {
      this.pool.releaseExtra(transaction.connection);
    }
  }

  private sweep(): void {
    const now = Date.now();
    for (const [session, { outcome, startedAt }] of this.bySession) {
      if (outcome === undefined && now - startedAt > LIFETIME_MS) void this.abortOf(session);
      else if (outcome !== undefined && now - startedAt > MEMORY_MS) this.bySession.delete(session);
    }
  }
}

function noSuchTransaction(number: number | undefined): CommandError {
  return new CommandError('NoSuchTransaction', `Transaction ${String(number)} has been aborted or never began.`, [
    TRANSIENT,
  ]);
}
