import { describe, expect, it } from '@jest/globals';
import { LineAssembler, MAX_LINE_BYTES } from './line-assembler.js';

describe('LineAssembler', () => {
  it('joins what comes in pieces', () => {
    const sut = new LineAssembler();
    expect([...sut.push(Buffer.from('one\r\ntw'))]).toEqual(['one']);
    expect([...sut.push(Buffer.from('o\n\nthr'))]).toEqual(['two', '']);
    expect(sut.flush()).toBe('thr');
    expect(sut.flush()).toBeNull();
  });

  it('hands a long line on in pieces, and never cuts a character', () => {
    const sut = new LineAssembler();
    const line = `a${'é'.repeat(MAX_LINE_BYTES)}`;
    const bytes = Buffer.from(`${line}\nnext\n`);
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; at += 1000) lines.push(...sut.push(bytes.subarray(at, at + 1000)));
    expect(lines.pop()).toBe('next');
    expect(lines.length).toBeGreaterThan(1);
    expect(Math.max(...lines.map((text) => Buffer.byteLength(text)))).toBeLessThanOrEqual(MAX_LINE_BYTES);
    expect(lines.join('')).toBe(line);
  });
});
