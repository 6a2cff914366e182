import { createRequire } from 'node:module';
import { mongo } from 'mongoose';

/** What is used here of the driver's own class, which it does not export. */
interface DriverConnection {
  readonly socket: { readonly writable: boolean };
  onError(error: Error): void;
  writeCommand: (this: DriverConnection, ...command: unknown[]) => Promise<void>;
}

const MENDED = Symbol('muster.ended-connections');

/**
 * Lets a command that is written to a connection which has just ended fail as what it is, a network error. Between the
 * end of a socket and its `close` event the driver still takes it for open and writes to it (mongodb 7.9,
 * Connection.writeCommand; its timeoutMS has no effect since 7.8). Then, on a socket that is destroyed already, it waits
 * for a `drain` that cannot come, without any time limit; on one that is ending it throws the socket's own error, which it
 * neither retries nor takes for trouble with the network. When a database goes away its connections end at once, so this
 * is met in practice: a request hung for ever, and a hung monitor never looked at the server again, so that every
 * operation failed for as long as the process lived.
 */
export function failOnEndedConnections(): void {
  // The driver that Mongoose uses, which need not be the one next to this file.
  const requireOfMongoose = createRequire(createRequire(import.meta.url).resolve('mongoose'));
  const { Connection } = requireOfMongoose('mongodb/lib/cmap/connection.js') as {
    Connection: { prototype: DriverConnection & { [MENDED]?: true } };
  };
  const { prototype } = Connection;
  if (prototype[MENDED]) return;
  prototype[MENDED] = true;
  const { writeCommand } = prototype;
  prototype.writeCommand = async function (...command) {
    if (!this.socket.writable) {
      const error = new mongo.MongoNetworkError('the connection has ended');
      this.onError(error);
      throw error;
    }
    try {
      await writeCommand.apply(this, command);
    } catch (error) {
      throw isSystemError(error) ? new mongo.MongoNetworkError(error.message, { cause: error }) : error;
    }
  };
}

/** The socket's own: ECONNRESET, EPIPE. The driver's have a number for a code, or none. */
const isSystemError = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && typeof error.code === 'string';
