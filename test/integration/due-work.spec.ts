import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DueRecords } from '../../src/domain/lifecycle/due-work.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { Manifest } from '../../src/domain/templates/manifest.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const HOUR_MS = 3_600_000;

describe('what Musters look for in agents', () => {
  let world: LifecycleWorld;
  let sut: DueRecords;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
    sut = world.due;
  });

  afterEach(async () => {
    await world.end();
  });

  const past = (): Date => new Date(Date.now() - 1000);
  const future = (): Date => new Date(Date.now() + HOUR_MS);
  const agent = async (manifest: Manifest, set: Record<string, unknown>): Promise<InstancePath> => {
    const path = await world.instance({ manifest });
    await world.update(path, { $set: set });
    return path;
  };

  it('is nothing where all is well', async () => {
    expect([...(await sut.kinds())]).toEqual([]);
    await agent({}, { 'lifecycle.desired.state': 'running', 'lifecycle.retryAt': future() });
    await agent({}, { 'lifecycle.healthCheck.dueAt': future() });
    await agent({ network: { mode: 'none' } }, { 'lifecycle.desired.state': 'running' });
    await agent({ ports: [{ containerPort: 80 }] }, { 'lifecycle.desired.state': 'stopped' });
    await agent({}, { 'lifecycle.retryAt': past(), 'lifecycle.lease': { owner: 'x', epoch: 1, until: future() } });
    expect([...(await sut.kinds())]).toEqual([]);
  });

  it.each([
    ['step', {}, { 'lifecycle.retryAt': past() }],
    ['health-check', {}, { 'lifecycle.healthCheck.dueAt': past() }],
    ['ports', { ports: [{ containerPort: 80 }] }, { 'lifecycle.desired.state': 'running' }],
    ['uplink', { network: { mode: 'project' } }, { 'lifecycle.desired.state': 'running' }],
  ] as const)('is told by its kind: %s', async (kind, manifest, set) => {
    await agent(manifest, set);
    expect([...(await sut.kinds())]).toEqual([kind]);
  });

  it('is told together, each kind once', async () => {
    for (let times = 0; times < 2; times += 1) {
      await agent({}, { 'lifecycle.retryAt': past(), 'lifecycle.healthCheck.dueAt': past() });
      await agent(
        { ports: [{ containerPort: 80 }], network: { mode: 'project' } },
        { 'lifecycle.desired.state': 'running' },
      );
    }
    expect([...(await sut.kinds())].sort()).toEqual(['health-check', 'ports', 'step', 'uplink']);
  });

  it('is nothing any more once somebody has taken it', async () => {
    const path = await agent(
      { ports: [{ containerPort: 80 }], network: { mode: 'project' } },
      { 'lifecycle.desired.state': 'running', 'lifecycle.healthCheck.dueAt': past() },
    );
    await world.ports.leases.take({ id: path.id, owner: 'me' }, HOUR_MS);
    await world.uplinks.leases.take({ id: path.id, owner: 'me' }, HOUR_MS);
    await world.upkeep.takeHealthChecks(10, () => HOUR_MS);
    expect([...(await sut.kinds())]).toEqual([]);
  });

  it('becomes due together, for health checks that are made as often', async () => {
    const paths = [];
    for (let left = 3; left > 0; left -= 1) {
      paths.push(await agent({}, { 'lifecycle.healthCheck.dueAt': past() }));
      await world.upkeep.takeHealthChecks(10, () => HOUR_MS);
    }
    for (const path of paths) {
      const { dueAt } = (await world.read(path)).lifecycle.healthCheck;
      expect(dueAt!.getTime() % (HOUR_MS / 5)).toBe(0);
      expect(Math.abs(dueAt!.getTime() - future().getTime())).toBeLessThanOrEqual(HOUR_MS / 5);
    }
  });
});
