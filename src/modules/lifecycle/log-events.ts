import type { LogLine } from '../../domain/runtime/container-runtime.js';
import { eventStream, type ServerSentEvent } from '../../platform/http/event-stream.js';

/** Log lines as server-sent events: `event: log`, data a JSON object {stream, at, text}. */
export function logEvents(lines: AsyncIterable<LogLine>, heartbeatMs?: number): AsyncGenerator<string> {
  // Lines that come at once share one Date, which is then written once.
  let last = new Date(0);
  let written = last.toISOString();
  const toEvent = ({ stream, at, text }: LogLine): ServerSentEvent => {
    if (at !== last) {
      last = at;
      written = at.toISOString();
    }
    // Of a line only its text needs to be looked at for what JSON escapes.
    return { event: 'log', data: `{"stream":"${stream}","at":"${written}","text":${JSON.stringify(text)}}` };
  };
  return eventStream(lines, toEvent, heartbeatMs);
}
