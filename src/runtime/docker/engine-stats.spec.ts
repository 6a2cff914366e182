import { describe, expect, it } from '@jest/globals';
import { toStats, type EngineStats } from './engine-stats.js';

const at = (second: number, more: Partial<EngineStats> = {}): EngineStats => ({
  read: `2026-01-31T12:00:0${second}Z`,
  memory_stats: { usage: 1000 },
  ...more,
});
const disks = (io: NonNullable<EngineStats['blkio_stats']>['io_service_bytes_recursive']) =>
  toStats(at(1, { blkio_stats: { io_service_bytes_recursive: io ?? null } }), at(0));

describe('what the engine measures', () => {
  it.each([
    ['version 1 of cgroups', ['Read', 'Write', 'Sync', 'Async', 'Total']],
    ['version 2', ['read', 'write']],
  ])('has what was read from all disks, and written, with %s', (_version, ops) => {
    const entries = [1, 10].flatMap((disk) => ops.map((op, index) => ({ op, value: disk * (index + 1) })));
    expect(disks(entries)).toMatchObject({ blockReadBytes: 11, blockWrittenBytes: 22 });
  });

  it('has none of it where no disk is told of', () => {
    for (const none of [null, []]) {
      expect(disks(none)).toMatchObject({ blockReadBytes: null, blockWrittenBytes: null });
    }
  });

  it('has processor time as a share of what passed between two measures', () => {
    const cpu = (total: number) => ({ cpu_stats: { cpu_usage: { total_usage: total } } });
    expect(toStats(at(2, cpu(2e9)), at(1, cpu(1.5e9)))).toMatchObject({ cpuPercent: 50, cpuSeconds: 2 });
  });
});
