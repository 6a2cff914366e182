import { describe, expect, it } from '@jest/globals';
import { readEventStream } from './read-event-stream.js';

/** What comes of these bytes, in pieces of this size. */
async function dataOf(text: string, size = 1000): Promise<string[]> {
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
  const found: string[] = [];
  for await (const data of readEventStream(ReadableStream.from(pieces))) found.push(data);
  return found;
}

describe('an event stream', () => {
  it.each([1, 2, 3, 1000])('has its events told with every kind of line end, in pieces of %i bytes', async (size) => {
    const text =
      ': hello\n\nevent: message\nid: 1\ndata: één\n\ndata:two\r\ndata: lines\r\n\r\ndata: three\r\rretry: 5\n\n';
    expect(await dataOf(text, size)).toEqual(['één', 'two\nlines', 'three']);
  });

  it('has no event told that is not whole', async () => {
    expect(await dataOf('data: one\n\ndata: half\n')).toEqual(['one']);
  });
});
