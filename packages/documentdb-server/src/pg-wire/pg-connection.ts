import { connect, type Socket } from 'node:net';
import { Frames } from '../frames.js';
import { PgConnectionLostError, PgError } from './pg-error.js';
import {
  Backend,
  parse,
  query,
  readErrorFields,
  readRow,
  run,
  startup,
  terminate,
  type PgParameter,
} from './pg-messages.js';

/** A statement that each connection prepares the first time it runs it. */
export interface Statement {
  readonly name: string;
  readonly sql: string;
}

export type Row = readonly (Buffer | null)[];

interface Pending {
  /** The statement that this request prepares, until the server has confirmed it. */
  preparing: string | undefined;
  readonly rows: Row[];
  error?: PgError;
  readonly resolve: (rows: Row[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One connection to PostgreSQL over its Unix socket.
 *
 * Written for one purpose, to hand BSON through without touching it: common client libraries read results as text, which doubles
 * their size on the way and spoils binary values. Requests are pipelined: each may be sent before the answer to the last came.
 */
export class PgConnection {
  private readonly prepared = new Set<string>();
  private readonly pending: Pending[] = [];
  private readonly frames = new Frames(5, (data, at) => data.readInt32BE(at + 1) + 1);
  private lost: PgConnectionLostError | undefined;
  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.receive(chunk);
    });
    socket.on('error', (cause) => {
      this.lose(cause);
    });
    socket.on('close', () => {
      this.lose();
    });
  }

  static async open(path: string): Promise<PgConnection> {
    const socket = connect(path);
    const connection = new PgConnection(socket);
    await connection.send(
      startup({ user: 'postgres', database: 'postgres', client_encoding: 'UTF8', application_name: 'gateway' }),
    );
    return connection;
  }

  get alive(): boolean {
    return this.lost === undefined;
  }

  /** Runs a prepared statement. @throws PgError | PgConnectionLostError */
  async execute(statement: Statement, parameters: readonly PgParameter[]): Promise<Row[]> {
    const message = run(statement.name, parameters);
    if (this.prepared.has(statement.name)) return this.send(message);
    this.prepared.add(statement.name);
    return this.send(Buffer.concat([parse(statement.name, statement.sql), message]), statement.name);
  }

  /** Runs statements without parameters. @throws PgError | PgConnectionLostError */
  async query(sql: string): Promise<Row[]> {
    return this.send(query(sql));
  }

  close(): void {
    if (this.alive) this.socket.end(terminate());
  }

  /** Ends the connection without waiting for what it is doing; the server rolls back. */
  destroy(): void {
    this.lose();
    this.socket.destroy();
  }

  private async send(message: Buffer, preparing?: string): Promise<Row[]> {
    if (this.lost) throw this.lost;
    return new Promise((resolve, reject) => {
      this.pending.push({ preparing, rows: [], resolve, reject });
      this.socket.write(message);
    });
  }

  private receive(chunk: Buffer): void {
    for (const frame of this.frames.push(chunk)) this.handle(frame[0] ?? 0, frame.subarray(5));
  }

  private handle(type: number, body: Buffer): void {
    const request = this.pending[0];
    if (type === Backend.dataRow) {
      request?.rows.push(readRow(body));
    } else if (type === Backend.parseComplete) {
      if (request) request.preparing = undefined;
    } else if (type === Backend.error) {
      const fields = readErrorFields(body);
      const error = new PgError(fields.get('C') ?? 'XX000', fields.get('M') ?? '', fields.get('D'));
      if (request) request.error = error;
      else this.lose(error);
    } else if (type === Backend.readyForQuery) {
      this.pending.shift();
      if (request?.preparing !== undefined) this.prepared.delete(request.preparing);
      if (request?.error) request.reject(request.error);
      else request?.resolve(request.rows);
    } else if (type === Backend.authentication && body.readInt32BE(0) !== 0) {
      // Anything but "ok" would ask for a password, which the peer rule never does.
      this.destroy();
    }
  }

  private lose(cause?: Error): void {
    if (this.lost) return;
    this.lost = new PgConnectionLostError(cause === undefined ? undefined : { cause });
    for (const request of this.pending.splice(0)) request.reject(request.error ?? this.lost);
  }
}
