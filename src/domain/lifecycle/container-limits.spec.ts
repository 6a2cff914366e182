import { describe, expect, it } from '@jest/globals';
import type { Manifest } from '../templates/manifest.js';
import { containerLimits } from './container-limits.js';

describe('container limits', () => {
  it('have a default for everything', () => {
    expect(containerLimits({})).toEqual({
      image: null,
      limits: { cpus: 1, memoryMiB: 512, pids: 256, tmpfsMiB: 64 },
      isolation: 'runc',
      startTimeoutSeconds: 30,
      gracePeriodSeconds: 4,
    });
  });

  it('are what the manifest says', () => {
    const limits = containerLimits({
      image: 'my/agent:1',
      resources: { cpus: 0.5, memoryMiB: 16_384 },
      isolation: 'gvisor',
      gracePeriodSeconds: 0,
    });
    expect(limits).toMatchObject({ image: 'my/agent:1', isolation: 'gvisor', gracePeriodSeconds: 0 });
    expect(limits.limits).toEqual({ cpus: 0.5, memoryMiB: 16_384, pids: 256, tmpfsMiB: 64 });
  });

  it('name every field that cannot be used', () => {
    const manifest = {
      image: '',
      resources: { cpus: 0, memoryMiB: 1_000_000, pids: 'all' },
      isolation: 'none',
    } as unknown as Manifest;
    expect(() => containerLimits(manifest)).toThrow(
      /image must.*isolation must.*resources\.cpus must.*resources\.memoryMiB must.*resources\.pids must/,
    );
  });
});
