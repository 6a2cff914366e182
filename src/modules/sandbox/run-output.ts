import { createHash } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import type { StreamFacts } from '../../domain/runs/run.js';
import type { ExecOutput } from '../../domain/runtime/exec-session.js';

type Stream = ExecOutput['stream'];

const KEPT_BYTES = 1024 * 1024;
/** Pieces of one stream grow up to this before another begins. */
const PIECE_LENGTH = 16 * 1024;
/** What a piece costs beside its text, so that many small ones are not more than few large ones. */
const PIECE_COST = 256;

interface Piece {
  readonly stream: Stream;
  /** Where in the whole output it begins. */
  readonly start: number;
  text: string;
  cost: number;
}

/** A part of the output, or what of it is no longer kept. Positions count UTF-16 units of both streams together. */
export type OutputPart =
  | { readonly kind: 'text'; readonly stream: Stream; readonly text: string; readonly position: number }
  | { readonly kind: 'gap'; readonly position: number };

export interface KeptStream {
  readonly text: string;
  readonly facts: StreamFacts;
}

/** What a run writes: the newest MiB of each stream is kept, for its record and for those who listen while it goes on. */
export class RunOutput {
  private pieces: Piece[] = [];
  private position = 0;
  private ended = false;
  private readonly listeners = new Set<() => void>();
  private readonly digest = createHash('sha256');
  private readonly streams = { stdout: newStream(), stderr: newStream() };

  constructor(private readonly keptBytes = KEPT_BYTES) {}

  push(stream: Stream, data: Uint8Array): void {
    const state = this.streams[stream];
    state.bytes += data.length;
    if (stream === 'stdout') this.digest.update(data);
    this.append(stream, state.decoder.write(Buffer.from(data.buffer, data.byteOffset, data.length)));
  }

  /** Nothing more comes. */
  end(): void {
    if (this.ended) return;
    for (const stream of ['stdout', 'stderr'] as const) this.append(stream, this.streams[stream].decoder.end());
    this.ended = true;
    this.tell();
  }

  /** SHA-256, in hex, over every byte of stdout. */
  hash(): string {
    return this.digest.copy().digest('hex');
  }

  kept(): Readonly<Record<Stream, KeptStream>> {
    const keptOf = (stream: Stream): KeptStream => ({
      text: this.pieces
        .filter((piece) => piece.stream === stream)
        .map(({ text }) => text)
        .join(''),
      facts: { bytes: this.streams[stream].bytes, truncated: this.streams[stream].dropped },
    });
    return { stdout: keptOf('stdout'), stderr: keptOf('stderr') };
  }

  /** From a position on: what is kept, then what comes, until the end or the signal. Who is slow misses what is dropped. */
  async *read(from: number, signal: AbortSignal): AsyncGenerator<OutputPart> {
    let at = Math.min(from, this.position);
    while (!signal.aborted) {
      const piece = this.pieces.find(({ start, text }) => start + text.length > at);
      if (piece === undefined) {
        if (at < this.position) {
          at = this.position;
          yield { kind: 'gap', position: at };
        }
        if (this.ended) return;
        await this.change(signal);
        continue;
      }
      if (piece.start > at) {
        at = piece.start;
        yield { kind: 'gap', position: at };
        continue;
      }
      const text = piece.text.slice(at - piece.start);
      at += text.length;
      yield { kind: 'text', stream: piece.stream, text, position: at };
    }
  }

  private append(stream: Stream, text: string): void {
    if (text === '') return;
    const bytes = Buffer.byteLength(text);
    const state = this.streams[stream];
    const last = this.pieces.at(-1);
    if (last?.stream === stream && last.text.length < PIECE_LENGTH) {
      last.text += text;
      last.cost += bytes;
      state.cost += bytes;
    } else {
      this.pieces.push({ stream, start: this.position, text, cost: bytes + PIECE_COST });
      state.cost += bytes + PIECE_COST;
    }
    this.position += text.length;
    while (state.cost > this.keptBytes) this.dropOldest(stream);
    this.tell();
  }

  private dropOldest(stream: Stream): void {
    const index = this.pieces.findIndex((piece) => piece.stream === stream);
    const [dropped] = this.pieces.splice(index, 1);
    this.streams[stream].cost -= dropped?.cost ?? 0;
    this.streams[stream].dropped = true;
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
    this.listeners.clear();
  }

  private async change(signal: AbortSignal): Promise<void> {
    let wake: () => void = () => undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      this.listeners.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
    this.listeners.delete(wake);
    signal.removeEventListener('abort', wake);
  }
}

const newStream = (): { decoder: StringDecoder; bytes: number; cost: number; dropped: boolean } => ({
  decoder: new StringDecoder('utf8'),
  bytes: 0,
  cost: 0,
  dropped: false,
});
