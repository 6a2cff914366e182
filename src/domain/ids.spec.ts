import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { isId, newId } from './ids.js';

describe('newId', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('makes ids that sort in the order of their making, and no two alike', () => {
    const ids = Array.from({ length: 5_000 }, () => newId());
    expect(ids.every(isId)).toBe(true);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('begins with the second of its making, as an ObjectId does', () => {
    const later = Date.now() + 60_000;
    jest.spyOn(Date, 'now').mockReturnValue(later);
    expect(Number.parseInt(newId().slice(0, 8), 16)).toBe(Math.floor(later / 1000));
  });

  it('goes on upwards when the clock goes back', () => {
    const before = newId();
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() - 3_600_000);
    expect(newId() > before).toBe(true);
  });

  it('tells milliseconds apart in ids of one second', () => {
    const second = Math.ceil(Date.now() / 1000) * 1000 + 120_000;
    const ids = [0, 1, 500, 999, 1000].map((ms) => {
      jest.spyOn(Date, 'now').mockReturnValue(second + ms);
      return newId();
    });
    expect([...ids].sort()).toEqual(ids);
    expect(ids.map((id) => Number.parseInt(id.slice(8, 12), 16) >> 6)).toEqual([0, 1, 500, 999, 0]);
  });
});
