import { createServer, connect, type Server, type Socket } from 'node:net';

const REQUEST = /^(GET|POST|PUT|DELETE|HEAD) (\S+) HTTP\/1\.1\r\n/;

/** The engine's client says all of a container in the address too. */
const LONGEST_LINE = 32 * 1024;

/**
 * Stands between Muster and the container engine, and can stop the world between two calls. Knows requests by their first
 * line; the engine's client sends one request at a time on a connection.
 */
export class SteppingEngineProxy {
  /** Called before each call reaches the engine, with its method and path. `cut`: it does not. `mute`: it does, and its answer is dropped. */
  watcher: (call: string) => 'pass' | 'cut' | 'mute' = () => 'pass';
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    /** As DOCKER_HOST wants it. */
    readonly host: string,
  ) {}

  /** @param engine unix:///path/to/the/engine's/socket */
  static async start(engine: string, socketPath: string): Promise<SteppingEngineProxy> {
    const target = engine.replace(/^unix:\/\//, '');
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    const proxy = new SteppingEngineProxy(server, `unix://${socketPath}`);
    server.on('connection', (client) => {
      proxy.relay(client, connect({ path: target, allowHalfOpen: true }));
    });
    return proxy;
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.sockets.size / 2;
  }

  async stop(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.server.close(resolve));
  }

  cutAll(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  private relay(client: Socket, engine: Socket): void {
    let isMute = false;
    const end = (): void => {
      client.destroy();
      engine.destroy();
      this.sockets.delete(client);
      this.sockets.delete(engine);
    };
    for (const socket of [client, engine]) {
      this.sockets.add(socket);
      socket.on('error', end);
      socket.on('close', end);
    }
    client.on('data', (chunk) => {
      const request = REQUEST.exec(chunk.toString('latin1', 0, LONGEST_LINE));
      const what = request === null ? 'pass' : this.watcher(`${request[1]} ${request[2]}`);
      if (what === 'cut') return;
      if (what === 'mute') isMute = true;
      engine.write(chunk);
    });
    client.on('end', () => engine.end());
    // Who waited for the answer in vain takes another connection next.
    engine.on('data', (chunk) => {
      if (!isMute) client.write(chunk);
    });
    engine.on('end', () => client.end());
  }
}
