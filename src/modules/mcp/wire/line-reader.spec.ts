import { describe, expect, it } from '@jest/globals';
import { LineReader } from './line-reader.js';

const linesOf = (reader: LineReader, ...pieces: (string | Uint8Array)[]): (string | null)[] =>
  pieces.flatMap((piece) => [...reader.push(typeof piece === 'string' ? Buffer.from(piece) : piece)]);

describe('lines', () => {
  it('are told once they are whole', () => {
    expect(linesOf(new LineReader(100), 'a', 'b\nc\n\n', 'd', '\n', 'e')).toEqual(['ab', 'c', '', 'd']);
  });

  it('have whole characters, however they come', () => {
    const bytes = [...Buffer.from('é🦆\n')].map((byte) => Uint8Array.of(byte));
    expect(linesOf(new LineReader(100), ...bytes)).toEqual(['é🦆']);
  });

  it('may be as long as they may, and no longer', () => {
    expect(linesOf(new LineReader(4), 'abcd\nabcd\n')).toEqual(['abcd', 'abcd']);
    expect(linesOf(new LineReader(4), 'ab\nabcde\nab\n')).toEqual(['ab', null]);
    expect(linesOf(new LineReader(4), 'abc', 'de')).toEqual([null]);
  });
});
