import { describe, expect, it } from '@jest/globals';
import { isFromThisMachine } from './from-this-machine.js';

describe('isFromThisMachine', () => {
  it.each([
    [{ host: '127.0.0.1:5176' }, true],
    [{ host: 'localhost:5176' }, true],
    [{ host: '[::1]:5176' }, true],
    [{ host: 'localhost:5176', origin: 'http://localhost:5176' }, true],
    [{ host: 'localhost:5176', origin: 'http://evil.example' }, false],
    [{ host: 'localhost:5176', origin: 'http://localhost:3000' }, false],
    [{ host: 'localhost:5176', origin: 'null' }, false],
    [{ host: 'evil.example:5176' }, false],
    [{ host: 'localhost.evil.example' }, false],
    [{ host: '127.0.0.1.evil.example:5176' }, false],
    [{}, false],
  ])('%j: %s', (headers, expected) => {
    expect(isFromThisMachine({ headers })).toBe(expected);
  });
});
