import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { WebSocket } from 'ws';
import { ExecSession, type ExecOutput } from '../../domain/runtime/exec-session.js';
import { TerminalLine } from './terminal-line.js';

const TIMES = { idleMs: 60_000, longestMs: 60_000, pingEveryMs: 60_000, closeMs: 10 };

/** A client that takes what it is sent only when it is told to. */
class FakeClient extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  readonly sent: unknown[] = [];
  readonly held: (() => void)[] = [];
  closed: number | null = null;
  takes = true;
  answersPings = true;

  send(data: unknown, ...rest: unknown[]): void {
    this.sent.push(data);
    const done = rest.at(-1) as (() => void) | undefined;
    if (done === undefined) return;
    if (this.takes) done();
    else this.held.push(done);
  }
  ping(): void {
    if (this.answersPings) this.emit('pong');
  }
  close(code: number): void {
    this.closed ??= code;
  }
  terminate(): void {
    this.readyState = 3;
  }
  pause(): void {
    // Nothing comes by itself.
  }
  resume(): void {
    // Nothing comes by itself.
  }
}

class FakeProgram extends ExecSession {
  pieces = 0;
  readonly written: string[] = [];
  readonly sizes: unknown[] = [];
  private release: () => void = () => undefined;
  private readonly closing = new Promise<void>((resolve) => {
    this.release = resolve;
  });

  constructor(
    private readonly many: number,
    private readonly ends: boolean,
  ) {
    super();
  }
  get output(): AsyncIterable<ExecOutput> {
    return this.pieces_();
  }
  write(data: Uint8Array): Promise<void> {
    this.written.push(Buffer.from(data).toString());
    return Promise.resolve();
  }
  endInput(): void {
    // Terminals do not end their input.
  }
  resize(size: unknown): Promise<void> {
    this.sizes.push(size);
    return Promise.resolve();
  }
  exitCode(): Promise<number | null> {
    return Promise.resolve(3);
  }
  close(): void {
    this.release();
  }
  private async *pieces_(): AsyncGenerator<ExecOutput> {
    for (; this.pieces < this.many; this.pieces += 1) yield { stream: 'stdout', data: Buffer.from('x') };
    if (!this.ends) await this.closing;
  }
}

const line = (client: FakeClient, program: FakeProgram, times: Partial<typeof TIMES> = {}): TerminalLine =>
  new TerminalLine(client as unknown as WebSocket, program, { ...TIMES, ...times });

describe('TerminalLine', () => {
  it('passes everything on, then the exit code, and closes', async () => {
    const client = new FakeClient();
    expect(await line(client, new FakeProgram(2, true)).run()).toEqual({ end: 'exited', exitCode: 3 });
    expect(client.sent.map(String)).toEqual(['x', 'x', '{"exit":3}']);
    expect(client.closed).toBe(1000);
  });

  it('reads no more than one piece beyond what the client takes', async () => {
    const client = new FakeClient();
    client.takes = false;
    const program = new FakeProgram(1000, false);
    const running = line(client, program).run();
    await new Promise((resolve) => setImmediate(resolve));
    expect([client.sent.length, program.pieces]).toEqual([1, 0]);
    client.held.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect([client.sent.length, program.pieces]).toEqual([2, 1]);
    client.emit('close');
    expect((await running).end).toBe('client-left');
  });

  it('passes bytes and sizes on in their order, and takes nothing else', async () => {
    const client = new FakeClient();
    const program = new FakeProgram(0, false);
    const running = line(client, program).run();
    client.emit('message', Buffer.from('ls\r'), true);
    client.emit('message', Buffer.from('{"resize":{"cols":120,"rows":40}}'), false);
    client.emit('message', Buffer.from('more'), true);
    await new Promise((resolve) => setImmediate(resolve));
    expect([program.written, program.sizes]).toEqual([['ls\r', 'more'], [{ columns: 120, rows: 40 }]]);
    client.emit('message', Buffer.from('{"resize":{"cols":0,"rows":40}}'), false);
    expect([(await running).end, client.closed]).toEqual(['protocol-error', 1008]);
  });

  it.each([
    ['idle', 1000, { idleMs: 1 }],
    ['time-over', 1000, { longestMs: 1, idleMs: 5 }],
    ['client-silent', null, { pingEveryMs: 1 }],
  ] as const)('ends when it is %s', async (end, code, times) => {
    const client = new FakeClient();
    client.answersPings = false;
    expect(await line(client, new FakeProgram(0, false), times).run()).toEqual({ end, exitCode: null });
    expect(client.closed).toBe(code);
  });

  it.each([
    '',
    '{',
    '5',
    'null',
    '{"resize":5}',
    '{"resize":{"cols":1,"rows":1001}}',
    '{"resize":{"cols":1,"rows":1},"x":1}',
  ])('refuses the control message %s', async (text) => {
    const client = new FakeClient();
    const running = line(client, new FakeProgram(0, false)).run();
    client.emit('message', Buffer.from(text), false);
    expect((await running).end).toBe('protocol-error');
  });
});
