import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Frames } from '../frames.js';
import {
  encodeReply,
  MESSAGE_HEADER_BYTES,
  messageLength,
  readCommand,
  type WireCommand,
} from '../mongo-wire/messages.js';
import { PgPool } from '../pg-wire/pg-pool.js';
import { Client } from './client.js';
import { Command } from './command.js';
import { Cursors } from './cursors.js';
import { dispatch } from './dispatch.js';
import { toCommandError } from './pg-error-mapping.js';
import { ScramCredentials } from './scram.js';
import { Transactions } from './transactions.js';
import { Turns } from './turns.js';
import type { GatewayServices } from './context.js';

const HOST = '127.0.0.1';
/** On few cores, more statements at once only wait for each other. */
const POOL_SIZE = 16;

export interface GatewayOptions {
  readonly socketPath: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/** Speaks MongoDB's wire protocol on loopback and carries the commands out in PostgreSQL. */
export class Gateway {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;
  private readonly services: GatewayServices;
  private nextClientId = 1;
  private nextResponseId = 1;

  private constructor(options: GatewayOptions) {
    const pool = new PgPool(options.socketPath, POOL_SIZE);
    const cursors = new Cursors(pool);
    this.services = {
      pool,
      cursors,
      transactions: new Transactions(pool, (session) => {
        cursors.closeOfTransaction(session);
      }),
      retries: new Turns(),
      credentials: new ScramCredentials(options.username, options.password),
      address: () => `${HOST}:${String(this.port)}`,
      connections: () => this.sockets.size,
      startedAt: Date.now(),
    };
    this.server = createServer({ noDelay: true }, (socket) => {
      this.accept(socket);
    });
  }

  static async start(options: GatewayOptions): Promise<Gateway> {
    const gateway = new Gateway(options);
    await new Promise<void>((resolve, reject) => {
      gateway.server.once('error', reject);
      gateway.server.listen(options.port, HOST, resolve);
    });
    return gateway;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    this.services.transactions.stop();
    this.services.cursors.stop();
    this.services.pool.destroy();
    await closed;
  }

  private accept(socket: Socket): void {
    const client = new Client(this.nextClientId++);
    const frames = new Frames(MESSAGE_HEADER_BYTES, messageLength);
    // One command after the other for each connection: answers must come in the order of the questions.
    let last = Promise.resolve();
    this.sockets.add(socket);
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of frames.push(chunk)) {
          const command = readCommand(frame);
          last = last.then(async () => this.answer(command, client, socket));
        }
      } catch {
        // Not this protocol, or a broken client: there is no telling where its next message begins.
        socket.destroy();
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.sockets.delete(socket);
      // After what it still asked for, which may open a transaction or a cursor.
      void last.then(async () => {
        this.services.cursors.closeOfClient(client);
        await this.services.transactions.abortOfClient(client);
      });
    });
  }

  private async answer(wire: WireCommand, client: Client, socket: Socket): Promise<void> {
    if (socket.destroyed && !wire.unacknowledged) return;
    let reply: Uint8Array;
    try {
      reply = await dispatch(new Command(wire), client, this.services);
    } catch (error) {
      reply = toCommandError(error, false).toReply();
    }
    if (!wire.unacknowledged && !socket.destroyed) socket.write(encodeReply(wire, this.nextResponseId++, reply));
  }
}
