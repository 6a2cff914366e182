import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { validateSync } from 'class-validator';
import { IsTime } from './is-time.decorator.js';

class Times {
  @IsTime()
  at: unknown = '2026-01-31T12:00:00Z';

  @IsTime({ future: true })
  until: unknown = '9999-12-31T23:59:59.999+02:00';
}

const faults = (given: Partial<Times>): string[] =>
  validateSync(Object.assign(new Times(), given)).flatMap(({ constraints }) => Object.values(constraints ?? {}));

describe('IsTime', () => {
  it('takes times of RFC 3339', () => {
    expect(faults({})).toEqual([]);
  });

  it.each([
    ['2026-01-31'],
    ['2026-W05'],
    ['2026-13-01T00:00:00Z'],
    ['2026-01-31T12:00:00'],
    [1e12],
    [{}],
    [['x']],
    [null],
  ])('refuses %j', (at) => {
    expect(faults({ at })).toEqual([expect.stringContaining('ISO 8601')]);
  });

  it('refuses what is over when it has to be to come', () => {
    expect(faults({ until: '2001-01-01T00:00:00Z' })).toEqual(['must lie in the future']);
  });
});
