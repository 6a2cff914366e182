import { createServer, request, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import { ENGINE_SOCKET } from './engine.js';

/** The engine, but it does not say that it has gVisor. Streams both ways (exec) do not pass. */
export class EngineWithoutGvisor {
  private constructor(
    private readonly server: Server,
    /** As DOCKER_HOST wants it. */
    readonly host: string,
  ) {}

  static async start(socketPath: string): Promise<EngineWithoutGvisor> {
    const server = createServer((incoming, answer) => {
      const { method, url = '', headers } = incoming;
      const onward = request({ socketPath: ENGINE_SOCKET, method, path: url, headers }, (response) => {
        if (!/^(\/v[\d.]+)?\/info$/.test(url)) {
          answer.writeHead(response.statusCode!, response.headers);
          response.pipe(answer);
          return;
        }
        void json(response).then((info) => {
          const { Runtimes, ...rest } = info as { Runtimes: Record<string, unknown> };
          const others = Object.fromEntries(Object.entries(Runtimes).filter(([name]) => name !== 'runsc'));
          answer.setHeader('content-type', 'application/json');
          answer.end(JSON.stringify({ ...rest, Runtimes: others }));
        });
      });
      onward.on('error', () => answer.destroy());
      answer.on('close', () => onward.destroy());
      incoming.pipe(onward);
    });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    return new EngineWithoutGvisor(server, `unix://${socketPath}`);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
