import { describe, expect, it } from '@jest/globals';
import { FrameReader } from './stream-frames.js';

function frame(stream: number, text: string): Buffer {
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

describe('FrameReader', () => {
  it('finds the same frames however the bytes come', () => {
    const bytes = Buffer.concat([frame(1, 'one\n'), frame(2, 'two'), frame(1, ''), frame(2, 'é')]);
    for (const size of [1, 3, 8, 9, bytes.length]) {
      const reader = new FrameReader();
      const found: string[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        for (const { stream, data } of reader.push(bytes.subarray(at, at + size)))
          found.push(`${stream} ${data.toString()}`);
      }
      expect(found).toEqual(['stdout one\n', 'stderr two', 'stdout ', 'stderr é']);
    }
  });

  it('does not wait for a frame that cannot be one', () => {
    const header = Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    expect(() => [...new FrameReader().push(header)]).toThrow(RangeError);
  });
});
