import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentInstanceId, ProjectId, TenantId } from '../../src/domain/ids.js';
import { newId } from '../../src/domain/ids.js';
import type { AgentLeases } from '../../src/domain/lifecycle/agent-leases.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { UplinkRecords } from '../../src/domain/network/uplink-records.js';
import type { ManifestNetwork } from '../../src/domain/templates/manifest.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const EGRESS: ManifestNetwork = { mode: 'egress', allow: ['example.org:443'] };

describe('who takes what an agent asks for', () => {
  let world: LifecycleWorld;
  let sut: UplinkRecords;
  let leases: AgentLeases;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
    sut = world.uplinks;
    leases = sut.leases;
  });

  afterEach(async () => {
    await world.end();
  });

  const agent = async (network?: ManifestNetwork, isWanted = true): Promise<InstancePath> => {
    const path = await world.instance({ manifest: network === undefined ? {} : { network } });
    if (isWanted) await world.update(path, { $set: { 'lifecycle.desired.state': 'running' } });
    return path;
  };

  it('is looked for where an agent has a network and is wanted to run', async () => {
    const wanted = [await agent(EGRESS), await agent({ mode: 'project' })];
    await agent();
    await agent({ mode: 'none' });
    await agent(EGRESS, false);
    expect([...(await leases.findUnserved(10))].sort()).toEqual(wanted.map(({ id }) => id).sort());
  });

  it('is one, until it gives it back, falls silent, or the agent is to rest', async () => {
    const path = await agent(EGRESS);
    const [mine, others] = ['mine', 'others'].map((owner) => ({ id: path.id, owner })) as [
      { id: AgentInstanceId; owner: string },
      { id: AgentInstanceId; owner: string },
    ];
    expect((await leases.take(mine, 60_000))?.id).toBe(path.id);
    expect(await leases.take(others, 60_000)).toBeNull();
    expect(await leases.renew(others, 60_000)).toBeNull();
    expect(await leases.findUnserved(10)).toEqual([]);
    expect((await leases.renew(mine, 60_000))?.id).toBe(path.id);
    await leases.release(others);
    expect(await leases.take(others, 60_000)).toBeNull();
    await leases.release(mine);
    expect(await leases.findUnserved(10)).toEqual([path.id]);
    expect((await leases.take(others, 0))?.id).toBe(path.id);
    expect((await leases.take(mine, 60_000))?.id).toBe(path.id);
    await world.update(path, { $set: { 'lifecycle.desired.state': 'stopped' } });
    expect(await leases.renew(mine, 60_000)).toBeNull();
    expect(await leases.take(mine, 60_000)).toBeNull();
  });

  it('finds agents by their identifiers, within one project of one tenant', async () => {
    const path = await world.instance({ identifier: 'web-app-dev-1' });
    const { tenantId, projectId } = path;
    expect((await sut.findPeer(tenantId, projectId, 'web-app-dev-1'))?.id).toBe(path.id);
    expect(await sut.findPeer(tenantId, projectId, 'web-app-dev-2')).toBeNull();
    expect(await sut.findPeer(newId<TenantId>(), projectId, 'web-app-dev-1')).toBeNull();
    expect(await sut.findPeer(tenantId, newId<ProjectId>(), 'web-app-dev-1')).toBeNull();
    await world.update(path, { $set: { removedAt: new Date() } });
    expect(await sut.findPeer(tenantId, projectId, 'web-app-dev-1')).toBeNull();
  });
});
