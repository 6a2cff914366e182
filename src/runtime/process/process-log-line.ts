import type { LogLine } from '../../domain/runtime/container-runtime.js';

const RECORD = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (stdout|stderr) (.*)$/s;

/**
 * Reads a line as the prelude wrote it. What bears no time was written past the prelude, by Node itself when it dies: it
 * belongs to stderr and to the time of the line before.
 */
export function parseLogLine(line: string, before: Date): LogLine {
  const [, at, stream, text] = RECORD.exec(line) ?? [];
  if (at === undefined || text === undefined) return { stream: 'stderr', at: before, text: line };
  return { stream: stream === 'stdout' ? 'stdout' : 'stderr', at: new Date(at), text };
}
