import { describe, expect, it } from '@jest/globals';
import type { DueKind, DueRecords } from '../../domain/lifecycle/due-work.js';
import { ALL_DUE } from '../../domain/lifecycle/due-work.js';
import { DueWatch } from './due-watch.js';
import { LifecycleSettings } from './lifecycle-settings.js';

class Records implements DueRecords {
  looks = 0;
  answer: () => Promise<ReadonlySet<DueKind>> = async () => Promise.resolve(new Set<DueKind>(['step']));

  async kinds(): Promise<ReadonlySet<DueKind>> {
    this.looks += 1;
    return this.answer();
  }
}

const never = new AbortController().signal;
const watchOf = (records: Records): DueWatch => new DueWatch(records, new LifecycleSettings({ pollMs: 5 }));

describe('DueWatch', () => {
  it('looks once for all who wait', async () => {
    const records = new Records();
    const sut = watchOf(records);
    const found = await Promise.all([sut.next(never), sut.next(never), sut.next(never)]);
    expect(found.map((kinds) => [...kinds])).toEqual([['step'], ['step'], ['step']]);
    expect(records.looks).toBe(1);
    await sut.next(never);
    expect(records.looks).toBe(2);
  });

  it('lets go of who is called away, and has them look for everything', async () => {
    const records = new Records();
    const sut = watchOf(records);
    const called = new AbortController();
    const waiting = sut.next(called.signal);
    const other = sut.next(never);
    called.abort();
    expect(await waiting).toBe(ALL_DUE);
    expect(records.looks).toBe(0);
    expect(await sut.next(called.signal)).toBe(ALL_DUE);
    expect([...(await other)]).toEqual(['step']);
  });

  it('finds nothing where the look failed, and looks again', async () => {
    const records = new Records();
    const sut = watchOf(records);
    const { answer } = records;
    records.answer = async () => Promise.reject(new TypeError('the database is away'));
    expect([...(await sut.next(never))]).toEqual([]);
    records.answer = answer;
    expect([...(await sut.next(never))]).toEqual(['step']);
  });
});
