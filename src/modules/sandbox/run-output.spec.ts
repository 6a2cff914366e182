import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { RunOutput, type OutputPart } from './run-output.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const never = new AbortController().signal;

async function all(output: RunOutput, from = 0): Promise<OutputPart[]> {
  const parts: OutputPart[] = [];
  for await (const part of output.read(from, never)) parts.push(part);
  return parts;
}

describe('RunOutput', () => {
  it('keeps the streams apart and in order, and characters whole', async () => {
    const sut = new RunOutput();
    const [head, tail] = [Buffer.from('grü').subarray(0, 3), Buffer.from('grü').subarray(3)];
    sut.push('stdout', head);
    sut.push('stderr', bytes('oh'));
    sut.push('stdout', tail);
    sut.push('stdout', Buffer.from([0xff]));
    sut.push('stdout', Buffer.from([0xc3]));
    sut.end();
    expect(sut.kept()).toEqual({
      stdout: { text: 'grü\ufffd\ufffd', facts: { bytes: 6, truncated: false } },
      stderr: { text: 'oh', facts: { bytes: 2, truncated: false } },
    });
    const said = await all(sut);
    expect(said.map((part) => (part.kind === 'text' ? `${part.stream} ${part.text}` : 'gap'))).toEqual([
      'stdout gr',
      'stderr oh',
      'stdout ü\ufffd\ufffd',
    ]);
    expect(sut.hash()).toBe(
      createHash('sha256')
        .update(Buffer.from('grü'))
        .update(Buffer.from([0xff, 0xc3]))
        .digest('hex'),
    );
  });

  it.each([
    ['long pieces', 64 * 1024, 1],
    ['many short pieces by turns', 1, 2],
  ])('keeps the newest of each stream within its limit: %s', async (_, length, streams) => {
    const sut = new RunOutput(100_000);
    for (let n = 0; n < 600_000 / length / streams; n += 1) {
      sut.push('stdout', bytes('x'.repeat(length)));
      if (streams === 2) sut.push('stderr', bytes('y'.repeat(length)));
    }
    sut.push('stdout', bytes('end'));
    sut.end();
    const { stdout } = sut.kept();
    expect(stdout.facts.truncated).toBe(true);
    expect(stdout.text.length).toBeLessThanOrEqual(100_000);
    expect(stdout.text).toMatch(/xend$/);
    expect((await all(sut)).some(({ kind }) => kind === 'gap')).toBe(true);
  });

  it('goes on from a position, waits for what comes, and ends with the signal', async () => {
    const sut = new RunOutput();
    sut.push('stdout', bytes('one two'));
    const leave = new AbortController();
    const reader = sut.read(4, leave.signal);
    expect((await reader.next()).value).toEqual({ kind: 'text', stream: 'stdout', text: 'two', position: 7 });
    const next = reader.next();
    sut.push('stdout', bytes(' three'));
    expect((await next).value).toMatchObject({ text: ' three', position: 13 });
    const last = reader.next();
    leave.abort();
    expect((await last).done).toBe(true);
    sut.end();
    expect(await all(sut, 1_000_000)).toEqual([]);
  });
});
