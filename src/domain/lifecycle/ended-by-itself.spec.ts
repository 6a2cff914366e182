import { describe, expect, it } from '@jest/globals';
import { endedCode, isEndedCode } from './ended-by-itself.js';

describe('an agent that ended by itself', () => {
  it.each([
    [137, true, 'CONTAINER_OUT_OF_MEMORY'],
    [1, true, 'CONTAINER_OUT_OF_MEMORY'],
    [null, true, 'CONTAINER_OUT_OF_MEMORY'],
    [0, true, 'CONTAINER_EXITED'],
    [137, false, 'CONTAINER_EXITED'],
    [0, false, 'CONTAINER_EXITED'],
  ] as const)('with exit code %s and oomKilled %s failed with %s', (exitCode, oomKilled, code) => {
    expect(endedCode({ exitCode, oomKilled })).toBe(code);
    expect(isEndedCode(code)).toBe(true);
  });

  it('is told from other failures', () => {
    expect(isEndedCode('CONTAINER_START_FAILED')).toBe(false);
  });
});
