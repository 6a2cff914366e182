import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** Which moment of a command: before the server has seen it, or after it was carried out and before the client knows. */
export type Moment = 'before' | 'after';

/** A command that changes or reads documents, and of which collection. */
export interface DatabaseCommand {
  readonly name: string;
  /** Empty for a command about none. */
  readonly collection: string;
}

/** Called for each command. Answering `cut` drops the command or its answer. */
export type Watcher = (command: DatabaseCommand, moment: Moment) => 'pass' | 'cut';

const OP_MSG = 2013;
/** Where the first key of the body document begins; its type stands before it. */
const BODY_KEY = 26;
const BSON_TEXT = 2;
/** What drivers say about the connection itself: no step of anybody's work. */
const CHATTER = new Set([
  'hello',
  'isMaster',
  'ismaster',
  'ping',
  'saslStart',
  'saslContinue',
  'endSessions',
  'buildInfo',
]);

/**
 * Stands between Muster and the database, knows where one message ends and the next begins, and so can stop the world
 * exactly between two of Muster's steps.
 */
export class DatabaseProxy {
  watcher: Watcher = () => 'pass';
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    /** The database's URI, by way of the proxy. */
    readonly uri: string,
  ) {}

  static async start(uri: string): Promise<DatabaseProxy> {
    const target = new URL(uri);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const through = new URL(uri);
    through.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    // Without it the driver would find the server's own address in its hello, and go round the proxy.
    through.searchParams.set('directConnection', 'true');
    const proxy = new DatabaseProxy(server, through.href);
    server.on('connection', (client) => {
      proxy.relay(client, connect(Number(target.port), target.hostname));
    });
    return proxy;
  }

  async stop(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Ends every connection at once, as a killed client does. */
  cutAll(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  private relay(client: Socket, server: Socket): void {
    const underWay = new Map<number, DatabaseCommand>();
    const end = (): void => {
      client.destroy();
      server.destroy();
      this.sockets.delete(client);
      this.sockets.delete(server);
    };
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    readMessages(client, (message) => {
      const command = commandOf(message);
      if (command !== null && !CHATTER.has(command.name)) {
        underWay.set(message.readInt32LE(4), command);
        if (this.watcher(command, 'before') === 'cut') return;
      }
      server.write(message);
    });
    readMessages(server, (message) => {
      const answered = message.readInt32LE(8);
      const command = underWay.get(answered);
      underWay.delete(answered);
      if (command !== undefined && this.watcher(command, 'after') === 'cut') return;
      client.write(message);
    });
  }
}

/** Cuts a stream into MongoDB wire messages: each begins with its own length as a little-endian int32. */
function readMessages(socket: Socket, each: (message: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
      const length = rest.readInt32LE(0);
      each(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  });
}

/** The command of an OP_MSG: the first key of its body document, which stands in a section of kind 0, and that key's text. */
function commandOf(message: Buffer): DatabaseCommand | null {
  if (message.readInt32LE(12) !== OP_MSG || message[20] !== 0) return null;
  const end = message.indexOf(0, BODY_KEY);
  const name = message.toString('latin1', BODY_KEY, end);
  if (message[BODY_KEY - 1] !== BSON_TEXT) return { name, collection: '' };
  const begin = end + 1 + 4;
  return { name, collection: message.toString('utf8', begin, message.indexOf(0, begin)) };
}
