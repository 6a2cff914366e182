import { describe, expect, it } from '@jest/globals';
import { Frames } from './frames.js';

describe('Frames', () => {
  const message = (text: string): Buffer => Buffer.from([text.length + 1, ...Buffer.from(text)]);
  const frames = (): Frames => new Frames(1, (data, at) => data[at] ?? 0);
  const texts = (buffers: Buffer[]): string[] => buffers.map((buffer) => buffer.toString('latin1', 1));

  it('gives several messages of one chunk', () => {
    expect(texts(frames().push(Buffer.concat([message('one'), message('two'), message('')])))).toEqual([
      'one',
      'two',
      '',
    ]);
  });

  it('gives the same messages however the stream is cut', () => {
    const stream = Buffer.concat([message('first'), message('second message'), message('x')]);
    for (let size = 1; size <= stream.length; size++) {
      const sut = frames();
      const received: string[] = [];
      for (let at = 0; at < stream.length; at += size)
        received.push(...texts(sut.push(stream.subarray(at, at + size))));
      expect(received).toEqual(['first', 'second message', 'x']);
    }
  });
});
