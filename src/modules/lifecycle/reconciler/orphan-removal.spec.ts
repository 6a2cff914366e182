import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import {
  newId,
  type AgentInstanceId,
  type InstallationId,
  type ProjectId,
  type TenantId,
} from '../../../domain/ids.js';
import type { LifecycleRecords } from '../../../domain/lifecycle/lifecycle-records.js';
import type { ContainerObservation, ContainerRuntime } from '../../../domain/runtime/container-runtime.js';
import type { AgentFolders } from '../agent-folders.js';
import type { ContainerPlanner } from '../container-planner.js';
import { LifecycleSettings } from '../lifecycle-settings.js';
import { Engine } from './engine.js';
import { OrphanRemoval } from './orphan-removal.js';

const instance = newId<AgentInstanceId>();

const seen = (id: string): ContainerObservation => ({
  id,
  name: `muster_${id}`,
  owner: {
    installation: newId<InstallationId>(),
    tenant: newId<TenantId>(),
    project: newId<ProjectId>(),
    instance,
    replica: 0,
  },
  specDigest: null,
  state: 'running',
  pid: 1,
  startedAt: null,
  exitCode: null,
  finishedAt: null,
  oomKilled: false,
});

describe('a container that its agent has not on record', () => {
  let said: string[];
  let removed: string[];

  beforeEach(() => {
    said = [];
    removed = [];
    jest.spyOn(Logger.prototype, 'log').mockImplementation((entry: unknown) => {
      const { msg, id } = entry as { msg: string; id: string };
      said.push(`${msg}: ${id}`);
    });
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** @param lifecycle as it is once the lease is taken; null: somebody else has it */
  const sweep = async (lifecycle: { state: string; containerId: string | null } | null): Promise<void> => {
    const whole = { id: instance, lifecycle: { ...lifecycle, replicas: [] } };
    const lease = { id: instance, owner: 'test', epoch: 1 };
    const records = {
      judgeOwners: async () => Promise.resolve([{ id: instance, kind: 'known', containerId: null, containerIds: [] }]),
      acquireLease: async () => Promise.resolve(lifecycle === null ? null : { lease, instance: whole }),
      releaseLease: async () => Promise.resolve(),
    } as unknown as LifecycleRecords;
    const runtime = {
      remove: async (id: string) => {
        removed.push(id);
        return Promise.resolve();
      },
    } as unknown as ContainerRuntime;
    const settings = new LifecycleSettings();
    const sut = new OrphanRemoval(
      records,
      runtime,
      new Engine(runtime, settings),
      {} as ContainerPlanner,
      {} as AgentFolders,
      settings,
    );
    await sut.sweep([seen('one')]);
  };

  it('is removed when the agent has another, which is said', async () => {
    await sweep({ state: 'running', containerId: 'another' });
    expect([removed, said]).toEqual([['one'], ['removed a container nobody wants: one']]);
  });

  it.each([
    ['somebody works on the agent', null],
    ['its agent is just getting one', { state: 'creating', containerId: null }],
    ['it was put on record meanwhile', { state: 'running', containerId: 'one' }],
  ])('is left alone when %s, and nothing is said of it', async (_when, lifecycle) => {
    await sweep(lifecycle);
    expect([removed, said]).toEqual([[], []]);
  });
});
