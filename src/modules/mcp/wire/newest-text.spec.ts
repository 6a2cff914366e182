import { describe, expect, it } from '@jest/globals';
import { NewestText } from './newest-text.js';

const after = (most: number, ...pieces: string[]): string => {
  const sut = new NewestText(most);
  for (const piece of pieces) sut.push(Buffer.from(piece));
  return sut.text();
};

describe('the newest text', () => {
  it('is all of it while that is little, and else its end', () => {
    expect(after(10)).toBe('');
    expect(after(10, 'abc', 'def')).toBe('abcdef');
    expect(after(4, 'abc', 'def')).toBe('cdef');
    expect(after(4, 'abcdefgh')).toBe('efgh');
  });

  it('begins with a whole character', () => {
    expect(after(5, '🦆🦆')).toBe('🦆');
    expect(after(4, 'é🦆')).toBe('🦆');
    expect(after(3, '🦆')).toBe('');
  });
});
