import { describe, expect, it } from '@jest/globals';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { hasStatus, toRuntimeError } from './engine-error.js';

describe('toRuntimeError', () => {
  it.each([
    [{ statusCode: 404 }, 'not-found'],
    [{ statusCode: 501 }, 'unsupported'],
    [{ statusCode: 503 }, 'unavailable'],
    [{ statusCode: 500 }, 'refused'],
    [{ statusCode: 400 }, 'refused'],
    [{ code: 'ENOENT' }, 'unavailable'],
    [{ code: 'ECONNREFUSED' }, 'unavailable'],
    [{ code: 'ECONNRESET' }, 'unavailable'],
    [{ code: 'ETIMEDOUT' }, 'timeout'],
    [{ message: 'no such image' }, 'refused'],
  ])('tells %j as %s', (cause, failure) => {
    expect(toRuntimeError(cause, 'do it').failure).toBe(failure);
  });

  it('lets a call say what a status means to it', () => {
    const meaning = { 404: 'image-missing', 409: 'name-conflict', otherwise: 'start-failed' } as const;
    const failures = [404, 409, 500, 503].map((statusCode) => toRuntimeError({ statusCode }, 'do it', meaning).failure);
    expect(failures).toEqual(['image-missing', 'name-conflict', 'start-failed', 'unavailable']);
  });

  it('keeps the engine’s words out of what callers see', () => {
    const cause = Object.assign(new RangeError('(HTTP code 500) /root/secret'), { statusCode: 500 });
    const error = toRuntimeError(cause, 'create container a');
    expect(error.message).not.toContain('secret');
    expect(error.cause).toBe(cause);
    expect(error.details).toEqual({ call: 'create container a', status: 500 });
  });

  it('leaves alone what is one already', () => {
    const error = new RuntimeError('timeout', 'late');
    expect(toRuntimeError(error, 'do it')).toBe(error);
  });
});

describe('hasStatus', () => {
  it('looks at status codes only', () => {
    expect(hasStatus({ statusCode: 304 }, 304, 404)).toBe(true);
    expect(hasStatus({ statusCode: 500, message: '404' }, 304, 404)).toBe(false);
    expect(hasStatus({ code: 'ENOENT' }, 404)).toBe(false);
  });
});
