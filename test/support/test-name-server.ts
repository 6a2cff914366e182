import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const A = 1;

/** A DNS server of the test's own, which knows the IPv4 addresses that it is given. */
export class TestNameServer {
  /** Names that were asked for, in order. */
  readonly asked: string[] = [];

  private constructor(
    private readonly socket: Socket,
    /** What a name is answered with the next time; the last of them stays. */
    private readonly names: Map<string, string[]>,
  ) {
    socket.on('message', (message, from) => {
      this.socket.send(this.answer(message), from.port, from.address);
    });
  }

  static async start(names: Readonly<Record<string, readonly string[]>>): Promise<TestNameServer> {
    const socket = createSocket('udp4');
    const server = new TestNameServer(socket, new Map(Object.entries(names).map(([name, all]) => [name, [...all]])));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return server;
  }

  /** `address:port` */
  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  stop(): void {
    this.socket.close();
  }

  private answer(message: Buffer): Buffer {
    const labels: string[] = [];
    let at = 12;
    for (let length = message[at]!; length > 0; length = message[at]!) {
      labels.push(message.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const name = labels.join('.').toLowerCase();
    const isAddress = message.readUInt16BE(at + 1) === A;
    if (isAddress) this.asked.push(name);
    const left = this.names.get(name) ?? [];
    const address = isAddress ? ((left.length > 1 ? left.shift() : left[0]) ?? null) : null;
    const head = Buffer.from(message.subarray(0, 12));
    head.writeUInt16BE(0x8180 | (left.length > 0 ? 0 : 3), 2);
    head.writeUInt16BE(address === null ? 0 : 1, 6);
    head.writeUInt32BE(0, 8);
    const record = Buffer.from([0xc0, 12, 0, A, 0, 1, 0, 0, 0, 0, 0, 4, ...(address ?? '').split('.').map(Number)]);
    return Buffer.concat([head, message.subarray(12, at + 5), ...(address === null ? [] : [record])]);
  }
}
