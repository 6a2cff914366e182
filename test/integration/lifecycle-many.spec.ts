import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemActor } from '../../src/domain/events/actor.js';
import type { AgentInstanceId } from '../../src/domain/ids.js';
import type { InstancePath, LifecycleRecords } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { LifecycleAction } from '../../src/domain/lifecycle/lifecycle-states.js';
import { SEEN_AT_ONCE } from '../../src/modules/lifecycle/lifecycle-news.js';
import { LifecycleSettings } from '../../src/modules/lifecycle/lifecycle-settings.js';
import { eventually } from '../support/eventually.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const PRODUCTION = new LifecycleSettings();
const MANY = 500;
/** Callers that wait until it is done. */
const WAIT_MS = 550_000;

/** Notes how many documents each look of those who wait reads. */
function counting(records: LifecycleRecords, looks: number[]): LifecycleRecords {
  const findAll = records.findAll.bind(records);
  records.findAll = async (ids: readonly AgentInstanceId[]) => {
    looks.push(ids.length);
    return findAll(ids);
  };
  return records;
}

describe('five hundred at once, each with somebody who waits for it, at the times of production', () => {
  const looks: number[] = [];
  let world: LifecycleWorld;
  let muster: LifecycleHost;
  let paths: InstancePath[];

  beforeAll(async () => {
    world = await LifecycleWorld.create();
    muster = world.host(Object.assign({}, PRODUCTION), counting(world.records, looks)).start();
    paths = await Promise.all(Array.from({ length: MANY }, async () => world.instance()));
  }, 120_000);

  afterAll(async () => {
    await world.end();
  });

  /** How all of it ended, and how many documents waiting may have read: one look each time, and no more than so many. */
  const all = async (action: LifecycleAction) => {
    looks.length = 0;
    const began = performance.now();
    const states = await Promise.all(
      paths.map(async (path) => {
        const { reached, instance } = await muster.service.act(path, action, ADMIN, WAIT_MS);
        return { reached, state: instance.lifecycle.state, failures: instance.lifecycle.failures };
      }),
    );
    const mostLooks = (performance.now() - began) / PRODUCTION.waiterPollMs + 1;
    expect(looks.length).toBeLessThanOrEqual(mostLooks);
    expect(looks.every((count) => count <= SEEN_AT_ONCE)).toBe(true);
    return states;
  };

  it('all start, and none fails', async () => {
    expect(await all('start')).toEqual(paths.map(() => ({ reached: true, state: 'running', failures: 0 })));
    expect([world.engine.count('create'), world.engine.count('start')]).toEqual([MANY, MANY]);
    const containers = [...world.engine.containers.values()];
    expect(new Set(containers.map(({ spec }) => spec.owner.instance)).size).toBe(MANY);
    expect(containers.every(({ state }) => state === 'running')).toBe(true);
  }, 600_000);

  it('all are destroyed, and nothing is left of them', async () => {
    expect(await all('destroy')).toEqual(paths.map(() => ({ reached: true, state: 'removed', failures: 0 })));
    expect(world.engine.containers.size).toBe(0);
    // It looks once more at each that something happened to.
    await eventually(async () => {
      expect(muster.reconciler.load).toEqual({ waiting: 0, working: 0, aside: 0 });
      return Promise.resolve();
    }, 120_000);
    const held = { 'lifecycle.lease.until': { $gt: new Date() } };
    expect(await world.database.db.collection('agent_instances').countDocuments(held)).toBe(0);
    const left = await readdir(world.folder, { recursive: true, withFileTypes: true });
    const agentIds = paths.map(({ id }) => id as string);
    expect(left.filter(({ name }) => agentIds.some((id) => name.includes(id)))).toEqual([]);
    expect(await readdir(join(world.folder, 'agents')).catch(() => [])).toEqual([]);
  }, 600_000);
});
