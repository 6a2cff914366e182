import { expect, it } from '@jest/globals';
import { engineTime } from './engine-time.js';

it('writes a time in seconds and nanoseconds', () => {
  expect(engineTime(new Date('2025-01-01T00:00:00.007Z'))).toBe('1735689600.007000000');
});
