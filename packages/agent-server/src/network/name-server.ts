import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { log } from '../log.js';
import {
  A,
  FAILED,
  MALFORMED,
  NO_ERROR,
  NO_SUCH_NAME,
  NOT_IMPLEMENTED,
  readQuestion,
  writeAnswer,
  type Question,
} from './dns-message.js';

/** How long a program may remember an address: it stays, but what is behind it may be gone. */
const TTL_SECONDS = 5;
const SHORTEST_MESSAGE = 12;
const MOST_CONNECTIONS = 32;
const CONNECTION_IDLE_MS = 10_000;
const LONGEST_MESSAGE = 1024;
/** Questions being answered at once; further ones are not answered, and asked again by who asked them. */
const MOST_QUESTIONS = 256;

/** The address of a name; null: there is none of that name. @throws when it cannot be told now */
export type AddressOf = (name: string) => Promise<string | null>;

export interface NameServerAddress {
  readonly host: string;
  readonly port: number;
}

/** Answers the container's programs where their resolver asks: which names there are says `addressOf`. */
export class NameServer {
  private open = 0;

  constructor(private readonly addressOf: AddressOf) {}

  /** Listens for datagrams and connections. What does not let it is logged: the agent goes on without names. */
  listen({ host, port }: NameServerAddress): void {
    const failed = (error: Error): void => {
      log(`names cannot be served on ${host}:${port}: ${error.message}`);
    };
    const udp = createSocket('udp4');
    udp.on('message', (message, from) => {
      void this.answer(message).then((answer) => {
        if (answer !== null) udp.send(answer, from.port, from.address, () => undefined);
      });
    });
    udp.on('error', failed);
    udp.bind({ address: host, port, exclusive: true });
    const tcp = createServer((client) => {
      this.serve(client);
    });
    tcp.maxConnections = MOST_CONNECTIONS;
    tcp.on('error', failed);
    tcp.listen({ host, port });
  }

  /** null: nothing is said to that. */
  async answer(message: Buffer): Promise<Buffer | null> {
    if (message.length < SHORTEST_MESSAGE || message.length > LONGEST_MESSAGE || this.open >= MOST_QUESTIONS) {
      return null;
    }
    const question = readQuestion(message);
    if (question === null) return (message[2] ?? 0) >= 0x80 ? null : writeAnswer(message, null, MALFORMED);
    this.open += 1;
    try {
      return await this.found(message, question);
    } catch {
      return writeAnswer(message, question, FAILED);
    } finally {
      this.open -= 1;
    }
  }

  private async found(message: Buffer, question: Question): Promise<Buffer> {
    const { name, type, isQuery } = question;
    if (!isQuery) return writeAnswer(message, question, NOT_IMPLEMENTED);
    const address = name === null || name === '' ? null : await this.addressOf(name);
    if (address === null) return writeAnswer(message, question, NO_SUCH_NAME);
    // A name that is there has no records of other types: no IPv6 address, above all.
    return type === A
      ? writeAnswer(message, question, NO_ERROR, address, TTL_SECONDS)
      : writeAnswer(message, question, NO_ERROR);
  }

  /** Messages over a connection have their length before them, in two bytes. */
  private serve(client: Socket): void {
    let pending = Buffer.alloc(0);
    client.setTimeout(CONNECTION_IDLE_MS, () => client.destroy());
    client.on('error', () => undefined);
    client.on('data', (piece) => {
      pending = Buffer.concat([pending, piece]);
      while (pending.length >= 2) {
        const length = pending.readUInt16BE(0);
        if (length > LONGEST_MESSAGE) {
          client.destroy();
          return;
        }
        if (pending.length < 2 + length) return;
        const message = pending.subarray(2, 2 + length);
        pending = pending.subarray(2 + length);
        void this.answer(message).then((answer) => {
          if (answer === null || client.destroyed) return;
          const head = Buffer.alloc(2);
          head.writeUInt16BE(answer.length);
          client.write(Buffer.concat([head, answer]));
        });
      }
    });
  }
}
