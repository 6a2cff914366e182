import { setTimeout as delay } from 'node:timers/promises';
import type { LogLine, LogQuery } from '../../domain/runtime/container-runtime.js';
import { LineAssembler } from '../agent/line-assembler.js';
import { ProcessLogReader } from './process-log-file.js';
import { parseLogLine } from './process-log-line.js';

const LOOK_EVERY_MS = 100;

/** Reads a container's log; follows it until `isOver` says that nothing more comes. */
export async function* readProcessLogs(
  folder: string,
  query: LogQuery,
  isOver: () => Promise<boolean>,
): AsyncGenerator<LogLine> {
  const aborted = (): boolean => query.signal?.aborted === true;
  const reader = new ProcessLogReader(folder);
  const lines = new LogLines();
  const earliest = query.since?.getTime() ?? -Infinity;
  const recent = newest(lines.take(reader.readFromStart()), earliest, query.tail ?? Infinity);
  for (const line of await recent) {
    if (aborted()) return;
    yield line;
  }
  while (query.follow === true && !aborted()) {
    const over = await isOver(); // asked first: what was written before the end is still read
    for await (const line of lines.take(reader.readOn())) {
      if (aborted()) return;
      if (line.at.getTime() >= earliest) yield line;
    }
    if (over) break;
    await delay(LOOK_EVERY_MS, undefined, query.signal ? { signal: query.signal } : {}).catch(() => undefined);
  }
  const last = query.tail === 0 && query.follow !== true ? null : lines.last();
  if (last !== null && !aborted()) yield last;
}

/** Cuts what is read into lines; a line can come in two reads. */
class LogLines {
  private readonly assembler = new LineAssembler();
  private at = new Date(0);

  async *take(pieces: AsyncIterable<Buffer>): AsyncGenerator<LogLine> {
    for await (const piece of pieces) for (const text of this.assembler.push(piece)) yield this.parse(text);
  }

  /** The rest, which has no line end. */
  last(): LogLine | null {
    const text = this.assembler.flush();
    return text === null ? null : this.parse(text);
  }

  private parse(text: string): LogLine {
    const line = parseLogLine(text, this.at);
    this.at = line.at;
    return line;
  }
}

async function newest(lines: AsyncIterable<LogLine>, earliest: number, count: number): Promise<readonly LogLine[]> {
  const chosen: LogLine[] = [];
  for await (const line of lines) {
    if (line.at.getTime() < earliest || count === 0) continue;
    chosen.push(line);
    // Cut now and then, so that it costs little and holds at most twice what is asked for.
    if (chosen.length > 2 * count) chosen.splice(0, chosen.length - count);
  }
  return chosen.slice(Math.max(chosen.length - count, 0));
}
