import { describe, expect, it } from '@jest/globals';
import { parseFailure, parseHealth, parsePromptResult } from './agent-protocol.js';

const digest = 'a'.repeat(64);
const usage = { inputTokens: 1, outputTokens: 2 };

describe('what an agent answers', () => {
  it.each([[{ version: '1', configured: null }], [{ version: '1', configured: digest }]])('is health: %j', (body) => {
    expect(parseHealth({ ...body, more: true })).toEqual(body);
  });

  it.each([
    [null],
    ['ok'],
    [[]],
    [{ version: '1' }],
    [{ version: 1, configured: null }],
    [{ version: 'v'.repeat(65), configured: null }],
    [{ version: '1', configured: 'x' }],
  ])('is no health: %j', (body) => {
    expect(parseHealth(body)).toBeNull();
  });

  it('is a result with an output and a usage', () => {
    expect(parsePromptResult({ output: 'x', usage, more: 1 })).toEqual({ output: 'x', usage });
  });

  it.each([
    [{ output: 'x' }],
    [{ output: 1, usage }],
    [{ output: 'x', usage: { inputTokens: -1, outputTokens: 0 } }],
    [{ output: 'x', usage: { inputTokens: 0.5, outputTokens: 0 } }],
  ])('is no result: %j', (body) => {
    expect(parsePromptResult(body)).toBeNull();
  });

  it('has its message cut and cleaned before people see it', () => {
    expect(parseFailure({ code: 'X', message: 'a\u001b[31mb\nc' })?.message).toBe('a [31mb c');
    expect(parseFailure({ code: 'X', message: 'm'.repeat(5000) })?.message).toHaveLength(2000);
    expect(parseFailure({ code: 'not a code', message: '' })).toBeNull();
  });
});
