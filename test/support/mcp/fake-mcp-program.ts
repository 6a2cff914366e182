import { ExecSession, type ExecOutput } from '../../../src/domain/runtime/exec-session.js';

/** A program that says what it is told to, and keeps what it is told. */
export class FakeMcpProgram extends ExecSession {
  readonly heard: string[] = [];
  code: number | null = 0;
  inputHasEnded = false;
  isClosed = false;
  /** Resolves when it takes what it is told. */
  takes: Promise<void> = Promise.resolve();
  private readonly pieces: (ExecOutput | Error | null)[] = [];
  private wake: () => void = () => undefined;

  /** A message, on a line. */
  says(message: object | string): void {
    const text = typeof message === 'string' ? message : JSON.stringify({ jsonrpc: '2.0', ...message });
    this.writes(`${text}\n`);
  }

  writes(text: string, stream: ExecOutput['stream'] = 'stdout'): void {
    this.push({ stream, data: Buffer.from(text) });
  }

  ends(code = 0): void {
    this.code = code;
    this.push(null);
  }

  breaks(error: Error): void {
    this.push(error);
  }

  get output(): AsyncIterable<ExecOutput> {
    return this.read();
  }

  async write(data: Uint8Array): Promise<void> {
    await this.takes;
    this.heard.push(Buffer.from(data).toString());
  }

  endInput(): void {
    this.inputHasEnded = true;
  }

  resize(): Promise<void> {
    return Promise.resolve();
  }

  exitCode(): Promise<number | null> {
    return Promise.resolve(this.code);
  }

  close(): void {
    this.isClosed = true;
  }

  private push(piece: ExecOutput | Error | null): void {
    this.pieces.push(piece);
    this.wake();
  }

  private async *read(): AsyncGenerator<ExecOutput> {
    for (;;) {
      const piece = this.pieces.shift();
      if (piece === null) return;
      if (piece instanceof Error) throw piece;
      if (piece !== undefined) yield piece;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
