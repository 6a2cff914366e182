import type { RawData, WebSocket } from 'ws';
import type { ExecSession } from '../../domain/runtime/exec-session.js';
import type { TerminalEnd } from '../../domain/terminals/terminal.js';
import type { TerminalOutcome } from '../../domain/terminals/terminal-records.js';
import { readControl } from './control-message.js';
import type { TerminalSettings } from './terminal-settings.js';

/** How each end is told to the client (RFC 6455, section 7.4); null: it is not there to be told. */
const CLOSE_CODES = {
  exited: 1000,
  'client-left': null,
  'client-silent': null,
  'protocol-error': 1008,
  idle: 1000,
  'time-over': 1000,
  'access-lost': 1008,
  'closed-by-request': 1000,
  'shutting-down': 1001,
  failed: 1011,
  lost: 1011,
} as const satisfies Record<TerminalEnd, number | null>;

/**
 * Carries a terminal between a client and a program. Each side waits for the other: nothing is read that could not be passed
 * on, so a program that writes without end costs Muster one piece of its output.
 */
export class TerminalLine {
  private readonly startedAt = Date.now();
  private lastUsedAt = Date.now();
  private isThere = true;
  private waitingInput = 0;
  private incoming: Promise<void> = Promise.resolve();
  private settle: (outcome: TerminalOutcome) => void = () => undefined;
  private readonly outcome = new Promise<TerminalOutcome>((resolve) => {
    this.settle = resolve;
  });

  constructor(
    private readonly client: WebSocket,
    private readonly program: ExecSession,
    private readonly settings: Pick<TerminalSettings, 'idleMs' | 'longestMs' | 'pingEveryMs' | 'closeMs'>,
  ) {}

  /** Until it is over. What is left of the program is the caller's to end. */
  async run(): Promise<TerminalOutcome> {
    const { client } = this;
    client.on('message', (data, isBinary) => {
      this.take(data, isBinary);
    });
    client.on('pong', () => {
      this.isThere = true;
    });
    client.on('close', () => {
      this.finish('client-left');
    });
    // What breaks is told by close.
    client.on('error', () => undefined);
    const pings = setInterval(() => {
      this.ping();
    }, this.settings.pingEveryMs);
    const looks = setInterval(
      () => {
        this.lookAtTimes();
      },
      Math.min(1000, this.settings.idleMs),
    );
    void this.pour();
    try {
      return await this.outcome;
    } finally {
      clearInterval(pings);
      clearInterval(looks);
      this.program.close();
    }
  }

  /** Ends it, if it has not ended yet. */
  finish(end: TerminalEnd, exitCode: number | null = null): void {
    this.settle({ end, exitCode });
    const code = CLOSE_CODES[end];
    if (code === null) {
      this.client.terminate();
      return;
    }
    if (end === 'exited') this.client.send(JSON.stringify({ exit: exitCode }));
    this.client.close(code, end);
    setTimeout(() => {
      this.client.terminate();
    }, this.settings.closeMs).unref();
  }

  private async pour(): Promise<void> {
    try {
      for await (const { data } of this.program.output) {
        this.lastUsedAt = Date.now();
        await this.pass(data);
      }
      if (this.client.readyState === this.client.OPEN) this.finish('exited', await this.program.exitCode());
    } catch {
      this.finish('failed');
    }
  }

  /** Resolves when the network has taken it, or nobody will any more. */
  private async pass(data: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.client.send(data, { binary: true }, () => {
        resolve();
      });
    });
  }

  private take(data: RawData, isBinary: boolean): void {
    this.lastUsedAt = Date.now();
    const bytes = bytesOf(data);
    if (isBinary) {
      this.inTurn(() => this.program.write(bytes));
      return;
    }
    const size = readControl(Buffer.from(bytes).toString('utf8'));
    if (size === null) this.finish('protocol-error');
    else this.inTurn(() => this.program.resize(size));
  }

  /** While something waits to be passed on, no more is read. */
  private inTurn(work: () => Promise<void>): void {
    this.waitingInput += 1;
    this.client.pause();
    this.incoming = this.incoming
      .then(work)
      .catch(() => {
        this.finish('failed');
      })
      .finally(() => {
        this.waitingInput -= 1;
        if (this.waitingInput === 0) this.client.resume();
      });
  }

  private ping(): void {
    // Input that waits holds the answer back, and that is not the client's fault.
    if (!this.isThere && this.waitingInput === 0) {
      this.finish('client-silent');
      return;
    }
    this.isThere = false;
    this.client.ping();
  }

  private lookAtTimes(): void {
    const now = Date.now();
    if (now - this.startedAt >= this.settings.longestMs) this.finish('time-over');
    else if (now - this.lastUsedAt >= this.settings.idleMs) this.finish('idle');
  }
}

const bytesOf = (data: RawData): Uint8Array =>
  Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? new Uint8Array(data) : data;
