import { describe, expect, it } from '@jest/globals';
import { parseLogLine } from './process-log-line.js';

const before = new Date('2025-01-01T00:00:00.000Z');

describe('parseLogLine', () => {
  it('reads time and stream', () => {
    expect(parseLogLine('2025-01-02T03:04:05.678Z stdout hello  there ', before)).toEqual({
      stream: 'stdout',
      at: new Date('2025-01-02T03:04:05.678Z'),
      text: 'hello  there ',
    });
  });

  it('takes what Node wrote past the prelude for stderr, at the time of the line before', () => {
    const line = '2025-01-02T03:04:05.678Z FATAL ERROR: out of memory';
    expect(parseLogLine(line, before)).toEqual({ stream: 'stderr', at: before, text: line });
  });
});
