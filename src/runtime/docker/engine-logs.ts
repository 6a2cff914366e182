import type { LogLine, LogQuery } from '../../domain/runtime/container-runtime.js';
import { LineAssembler } from '../agent/line-assembler.js';
import type { EngineClient } from './engine-client.js';
import { readEngineStream } from './engine-stream.js';
import { engineTime } from './engine-time.js';
import { FrameReader, type StreamFrame } from '../agent/stream-frames.js';

const SPACE = 0x20;
/** `2025-01-31T12:00:00.123456789Z`, or with an offset. */
const MAX_TIME_LENGTH = 40;
/** `2025-01-31T12:00:00.123`: what is below is of no use here. */
const MILLISECONDS_LENGTH = 23;

export function readEngineLogs(
  engine: EngineClient,
  id: string,
  query: LogQuery,
  heartbeatMs: number,
): AsyncIterable<LogLine> {
  const { tail, since, follow = false, signal } = query;
  const pieces = readEngineStream(engine, {
    what: `read the log of container ${id}`,
    path: `/containers/${id}/logs`,
    query: {
      stdout: true,
      stderr: true,
      timestamps: true,
      follow,
      tail: tail ?? 'all',
      ...(since === undefined ? {} : { since: engineTime(since) }),
    },
    signal,
    heartbeatMs,
  });
  return { [Symbol.asyncIterator]: () => new LineReader(pieces, signal) };
}

/** Hands them out one by one as an async generator would, which costs more: what one piece completes is there already. */
class LineReader implements AsyncIterator<LogLine, undefined> {
  private readonly frames = new FrameReader();
  private readonly lines = new LogLines();
  private ready: Iterator<LogLine> = [].values();
  private isOver = false;

  constructor(
    private readonly pieces: AsyncGenerator<Buffer>,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async next(): Promise<IteratorResult<LogLine, undefined>> {
    for (;;) {
      if (this.signal?.aborted === true) return this.return();
      const line = this.ready.next();
      if (line.done !== true) return line;
      if (this.isOver) return { done: true, value: undefined };
      this.ready = (await this.more()).values();
    }
  }

  async return(): Promise<{ done: true; value: undefined }> {
    await this.pieces.return(undefined);
    return { done: true, value: undefined };
  }

  private async more(): Promise<LogLine[]> {
    const piece = await this.pieces.next();
    this.isOver = piece.done === true;
    if (piece.done === true) return this.lines.flush();
    const lines: LogLine[] = [];
    try {
      for (const frame of this.frames.push(piece.value)) this.lines.push(frame, lines);
    } catch (error) {
      await this.return();
      throw error;
    }
    return lines;
  }
}

/** A frame is a line, or a piece of a long one; each begins with its own time. */
class LogLines {
  private readonly assemblers = { stdout: new LineAssembler(), stderr: new LineAssembler() };
  private at = new Date(0);
  /** The time on record as it was written, to the millisecond. */
  private written = '';

  push({ stream, data }: StreamFrame, into: LogLine[]): void {
    const space = data.indexOf(SPACE);
    const timed = space > 0 && space < MAX_TIME_LENGTH && this.note(data.toString('latin1', 0, space));
    const { at } = this;
    for (const text of this.assemblers[stream].push(data, timed ? space + 1 : 0)) into.push({ stream, at, text });
  }

  /** Lines that come at once have one time, and one Date: reading it costs more than all else. @returns whether it is a time */
  private note(time: string): boolean {
    const written = shortTime(time);
    if (written === this.written) return true;
    const at = new Date(written);
    if (Number.isNaN(at.getTime())) return false;
    this.at = at;
    this.written = written;
    return true;
  }

  flush(): LogLine[] {
    return (['stdout', 'stderr'] as const).flatMap((stream) => {
      const text = this.assemblers[stream].flush();
      return text === null ? [] : [{ stream, at: this.at, text }];
    });
  }
}

const shortTime = (time: string): string =>
  time.length > MILLISECONDS_LENGTH && time.endsWith('Z') ? `${time.slice(0, MILLISECONDS_LENGTH)}Z` : time;
