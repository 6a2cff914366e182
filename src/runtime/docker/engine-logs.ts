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

export async function* readEngineLogs(
  engine: EngineClient,
  id: string,
  query: LogQuery,
  heartbeatMs: number,
): AsyncGenerator<LogLine> {
  const { tail, since, follow = false, signal } = query;
  const frames = new FrameReader();
  const lines = new LogLines();
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
  for await (const piece of pieces) {
    for (const frame of frames.push(piece)) {
      for (const line of lines.push(frame)) {
        if (signal?.aborted === true) return;
        yield line;
      }
    }
  }
  if (signal?.aborted !== true) yield* lines.flush();
}

/** A frame is a line, or a piece of a long one; each begins with its own time. */
class LogLines {
  private readonly assemblers = { stdout: new LineAssembler(), stderr: new LineAssembler() };
  private at = new Date(0);
  /** The time on record as it was written, to the millisecond. */
  private written = '';

  *push({ stream, data }: StreamFrame): Generator<LogLine> {
    const space = data.subarray(0, MAX_TIME_LENGTH).indexOf(SPACE);
    const timed = space > 0 && this.note(data.toString('latin1', 0, space));
    for (const text of this.assemblers[stream].push(timed ? data.subarray(space + 1) : data)) {
      yield { stream, at: this.at, text };
    }
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

  *flush(): Generator<LogLine> {
    for (const stream of ['stdout', 'stderr'] as const) {
      const text = this.assemblers[stream].flush();
      if (text !== null) yield { stream, at: this.at, text };
    }
  }
}

const shortTime = (time: string): string =>
  time.length > MILLISECONDS_LENGTH && time.endsWith('Z') ? `${time.slice(0, MILLISECONDS_LENGTH)}Z` : time;
