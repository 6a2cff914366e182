import type { LogLine } from '../../domain/runtime/container-runtime.js';
import { eventStream } from '../../platform/http/event-stream.js';

/** Log lines as server-sent events: `event: log`, data a JSON object {stream, at, text}. */
export const logEvents = (lines: AsyncIterable<LogLine>, heartbeatMs?: number): AsyncGenerator<string> =>
  eventStream(lines, (line) => ({ event: 'log', data: line }), heartbeatMs);
