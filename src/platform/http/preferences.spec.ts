import { describe, expect, it } from '@jest/globals';
import { readPreferences } from './preferences.js';

describe('readPreferences', () => {
  it.each([
    [undefined, { respondAsync: false }, null],
    ['wait=10', { respondAsync: false, waitMs: 10_000 }, 'wait=10'],
    ['respond-async', { respondAsync: true }, 'respond-async'],
    ['respond-async, wait=5', { respondAsync: true, waitMs: 5_000 }, 'respond-async, wait=5'],
    ['Wait = "7"', { respondAsync: false, waitMs: 7_000 }, 'wait=7'],
    ['wait=0', { respondAsync: false, waitMs: 0 }, 'wait=0'],
    ['wait=3; foo=bar, return=minimal', { respondAsync: false, waitMs: 3_000 }, 'wait=3'],
    ['wait=1, wait=9', { respondAsync: false, waitMs: 1_000 }, 'wait=1'],
    ['wait=99999', { respondAsync: false, waitMs: 300_000 }, 'wait=300'],
    ['wait=soon', { respondAsync: false }, null],
    ['wait=-1', { respondAsync: false }, null],
    [',,;', { respondAsync: false }, null],
  ])('reads %j', (header, preferences, applied) => {
    expect(readPreferences(header)).toEqual({ preferences, applied });
  });

  it('reads a header that was sent in several lines', () => {
    expect(readPreferences(['respond-async', 'wait=2']).preferences).toEqual({ respondAsync: true, waitMs: 2_000 });
  });
});
