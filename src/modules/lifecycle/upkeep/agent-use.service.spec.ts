import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { InstancePath } from '../../../domain/lifecycle/lifecycle-records.js';
import { INITIAL_LIFECYCLE } from '../../../domain/lifecycle/lifecycle.js';
import type { UpkeepRecords } from '../../../domain/lifecycle/upkeep-records.js';
import { LifecycleSettings } from '../lifecycle-settings.js';
import { AgentUseService } from './agent-use.service.js';

const EVERY_MS = 100;

describe('the end of a use that cannot be written', () => {
  const path = { id: 'agent' } as InstancePath;
  const renewUses = jest.fn<UpkeepRecords['renewUses']>();
  let sut: AgentUseService;

  beforeEach(() => {
    jest.useFakeTimers();
    renewUses.mockReset().mockResolvedValue();
    const records = {
      beginUse: async () => Promise.resolve({ ...path, lifecycle: INITIAL_LIFECYCLE }),
      endUse: async () => Promise.reject(new Error('away')),
      renewUses,
    };
    const settings = new LifecycleSettings({ useRenewEveryMs: EVERY_MS });
    sut = new AgentUseService(records as never, {} as never, {} as never, settings, {} as never);
    sut.onApplicationBootstrap();
  });

  afterEach(() => {
    sut.beforeApplicationShutdown();
    jest.useRealTimers();
  });

  it("is nobody's failure, and the use is renewed no more", async () => {
    const use = await sut.hold(path);
    await jest.advanceTimersByTimeAsync(EVERY_MS);
    expect(renewUses).toHaveBeenCalledTimes(1);
    await expect(use.release()).resolves.toBeUndefined();
    await jest.advanceTimersByTimeAsync(3 * EVERY_MS);
    expect(renewUses).toHaveBeenCalledTimes(1);
  });
});
