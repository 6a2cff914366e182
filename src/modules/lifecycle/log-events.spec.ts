import { describe, expect, it } from '@jest/globals';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { LogLine } from '../../domain/runtime/container-runtime.js';
import { logEvents } from './log-events.js';
import { newestLines } from './newest-lines.js';

const at = new Date('2026-01-31T12:00:00Z');
const line = (text: string): LogLine => ({ stream: 'stdout', at, text });

async function* lines(...texts: (string | Error)[]): AsyncGenerator<LogLine> {
  for (const text of texts) {
    await Promise.resolve();
    if (text instanceof Error) throw text;
    yield line(text);
  }
}

/** The events, whatever pieces they come in. */
async function all(events: AsyncIterable<string>): Promise<string[]> {
  let text = '';
  for await (const piece of events) text += piece;
  return text.split(/(?<=\n\n)/);
}

describe('log events', () => {
  it('are one event a line, and end with the lines', async () => {
    expect(await all(logEvents(lines('one', 'two\nthree')))).toEqual([
      'event: log\ndata: {"stream":"stdout","at":"2026-01-31T12:00:00.000Z","text":"one"}\n\n',
      'event: log\ndata: {"stream":"stdout","at":"2026-01-31T12:00:00.000Z","text":"two\\nthree"}\n\n',
    ]);
  });

  it('keep a silent connection alive', async () => {
    let speak: (spoken: LogLine) => void = () => undefined;
    const spoken = new Promise<LogLine>((resolve) => (speak = resolve));
    const events = logEvents(
      (async function* () {
        yield await spoken;
      })(),
      1,
    );
    expect((await events.next()).value).toBe(': still here\n\n');
    speak(line('at last'));
    let last: string | undefined;
    for await (const event of events) last = event;
    expect(last).toContain('at last');
  });

  it('say why they broke off', async () => {
    const events = await all(logEvents(lines('one', new DomainError('RUNTIME_UNAVAILABLE', 'The engine went away.'))));
    expect(events.at(-1)).toBe(
      'event: problem\ndata: {"code":"RUNTIME_UNAVAILABLE","detail":"The engine went away."}\n\n',
    );
  });

  it('come in few pieces when they come at once', async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => `line ${index}`);
    let pieces = 0;
    let text = '';
    for await (const piece of logEvents(lines(...many))) {
      pieces += 1;
      text += piece;
    }
    expect(text.match(/"text":"line \d+"/g)).toEqual(many.map((one) => `"text":"${one}"`));
    expect(pieces).toBeLessThan(10);
  });

  it('are read no further ahead than the client can take', async () => {
    let read = 0;
    const endless = async function* (): AsyncGenerator<LogLine> {
      for (;;) {
        read += 1;
        yield await Promise.resolve(line('x'.repeat(1_000)));
      }
    };
    const events = logEvents(endless());
    await events.next();
    const before = read;
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    // 256 KiB.
    expect(read - before).toBeLessThan(300);
    await events.return(undefined);
  });

  it('let go of the lines when nobody reads any more', async () => {
    let released = false;
    const endless = async function* (): AsyncGenerator<LogLine> {
      try {
        for (;;) yield await Promise.resolve(line('again'));
      } finally {
        released = true;
      }
    };
    const events = logEvents(endless());
    await events.next();
    await events.return(undefined);
    expect(released).toBe(true);
  });
});

describe('the newest lines', () => {
  it('are all of them when they fit', async () => {
    expect(await newestLines(lines('one', 'two'))).toEqual({ items: [line('one'), line('two')], truncated: false });
  });

  it('leave out the oldest when they do not', async () => {
    expect(await newestLines(lines('one', 'two', 'three'), 8)).toEqual({
      items: [line('two'), line('three')],
      truncated: true,
    });
  });

  it('hold one line whatever its length', async () => {
    expect(await newestLines(lines('a', 'b'.repeat(20)), 8)).toEqual({
      items: [line('b'.repeat(20))],
      truncated: true,
    });
  });
});
