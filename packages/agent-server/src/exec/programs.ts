import type { Duplex } from 'node:stream';
import { EXEC_PROTOCOL } from '../protocol.js';
import { refuseUpgrade } from '../serving/refuse-upgrade.js';
import { PipeStock } from './pipe-stock.js';
import { readHead } from './read-head.js';
import { runProgram } from './run-program.js';

const MOST_PROGRAMS = 256;

/** Programs beside the agent's own, each on a connection whose upgrade was asked for. */
export class Programs {
  private readonly stock = new PipeStock();
  private running = 0;

  /** Makes ready what the next program needs. */
  async prepare(): Promise<void> {
    await this.stock.fill();
  }

  /** Takes over a connection. It is refused where no program can be started: nothing was started then. */
  async take(client: Duplex, head: Buffer): Promise<void> {
    if (this.running >= MOST_PROGRAMS) {
      refuseUpgrade(client, '503 Service Unavailable');
      return;
    }
    this.running += 1;
    client.once('close', () => (this.running -= 1));
    const pipes = await this.stock.take().catch(() => null);
    if (pipes === null) {
      refuseUpgrade(client, '503 Service Unavailable');
      return;
    }
    client.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${EXEC_PROTOCOL}\r\n\r\n`);
    if (head.length > 0) client.unshift(head);
    await runProgram(client, pipes, await readHead(client));
    await this.stock.fill();
  }
}
