import { describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Turns } from './turns.js';

describe('turns', () => {
  it('run one after another for one key, and beside each other for others', async () => {
    const turns = new Turns();
    const seen: string[] = [];
    const act = (name: string) => async (): Promise<string> => {
      seen.push(`${name} begins`);
      await nextTurn();
      seen.push(`${name} ends`);
      return name;
    };
    const results = await Promise.all([
      turns.take('x', act('x1')),
      turns.take('x', act('x2')),
      turns.take('y', act('y1')),
    ]);
    expect(results).toEqual(['x1', 'x2', 'y1']);
    expect(seen.filter((name) => name.startsWith('x'))).toEqual(['x1 begins', 'x1 ends', 'x2 begins', 'x2 ends']);
    expect(seen.indexOf('y1 begins')).toBeLessThan(seen.indexOf('x1 ends'));
  });

  it('go on after one that failed, whose caller is told', async () => {
    const turns = new Turns();
    const failed = turns.take('x', () => Promise.reject(new RangeError('no')));
    const next = turns.take('x', () => Promise.resolve('next'));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('next');
  });
});
