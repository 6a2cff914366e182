import { describe, expect, it } from '@jest/globals';
import { A, FAILED, NO_ERROR, NO_SUCH_NAME, readQuestion, writeAnswer } from './dns-message.js';

const AAAA = 28;

function question(name: string, { type = A, flags = 0x0100, count = 1, kind = 1 } = {}): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xbeef, 0);
  head.writeUInt16BE(flags, 2);
  head.writeUInt16BE(count, 4);
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  return Buffer.concat([head, ...labels, Buffer.from([0, 0, type, 0, kind])]);
}

describe('a question', () => {
  it('is read in lower case', () => {
    expect(readQuestion(question('Web-App.Example.ORG'))).toEqual({
      name: 'web-app.example.org',
      type: A,
      isQuery: true,
      end: 12 + 21 + 4,
    });
    expect(readQuestion(question('a', { type: AAAA }))).toMatchObject({ type: AAAA });
  });

  it('is a query of the Internet’s class, or is told apart', () => {
    expect(readQuestion(question('a', { kind: 3 }))).toMatchObject({ isQuery: false });
    expect(readQuestion(question('a', { flags: 0x2800 }))).toMatchObject({ isQuery: false });
  });

  it.each([
    'a b',
    'ä',
    '-a',
    'a/b',
    'a\u0000b',
    'x'.repeat(63) + '.' + 'y'.repeat(63) + '.' + 'z'.repeat(63) + '.' + 'w'.repeat(63),
  ])('has no name that a host could have: %j', (name) => {
    expect(readQuestion(question(name))).toMatchObject({ name: null });
  });

  it('is not read where there is none, more than one, an answer, a pointer, or half of it', () => {
    const whole = question('example.org');
    for (let length = 0; length < whole.length; length += 1) expect(readQuestion(whole.subarray(0, length))).toBeNull();
    expect(readQuestion(question('a', { count: 2 }))).toBeNull();
    expect(readQuestion(question('a', { flags: 0x8180 }))).toBeNull();
    const pointing = question('a');
    pointing[12] = 0xc0;
    expect(readQuestion(pointing)).toBeNull();
  });
});

describe('an answer', () => {
  it('has the question, and one address of the name', () => {
    const asked = question('a.b');
    const answer = writeAnswer(asked, readQuestion(asked), NO_ERROR, '127.64.0.1', 5);
    expect(answer.toString('hex')).toBe(
      'beef8180000100010000000001610162000001' + '0001' + 'c00c0001000100000005' + '00047f400001',
    );
  });

  it('has none where there is none', () => {
    const asked = question('a');
    for (const code of [NO_ERROR, FAILED, NO_SUCH_NAME] as const) {
      const answer = writeAnswer(asked, readQuestion(asked), code);
      expect([answer.readUInt16BE(2) & 0xf, answer.readUInt16BE(6), answer.length]).toEqual([code, 0, asked.length]);
    }
  });
});
