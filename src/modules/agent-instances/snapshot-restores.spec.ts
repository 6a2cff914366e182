import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentInstance } from '../../domain/agent-instances/agent-instance.js';
import type { AgentSnapshot } from '../../domain/agent-snapshots/agent-snapshot.js';
import { newId, type AgentInstanceId, type AgentSnapshotId } from '../../domain/ids.js';
import { digestOf } from '../../platform/crypto/digest.js';
import { AgentWorld } from '../../../test/support/in-memory/agent-world.js';

describe('an agent and a snapshot of it', () => {
  let world: AgentWorld;
  let agent: AgentInstance;
  let snapshot: AgentSnapshot;

  beforeEach(async () => {
    // some of these tests have the database fail, which is logged
    Logger.overrideLogger(false);
    world = new AgentWorld();
    const project = await world.project();
    [agent] = (await world.instances.findByProject(project.id, world.tenantId)) as [AgentInstance];
    snapshot = snapshotOf(agent);
    world.snapshotStore.byId.set(snapshot.id, snapshot);
  });

  const snapshotOf = (of: AgentInstance): AgentSnapshot => {
    const { soul, aieos_identity, systemPrompt, tools, config, manifest, displayName, tags } = of;
    const blueprint = { soul, aieos_identity, systemPrompt, tools, config, manifest, displayName, tags };
    return {
      id: newId<AgentSnapshotId>(),
      tenantId: of.tenantId,
      projectId: of.projectId,
      instanceId: of.id,
      revision: of.revision,
      role: of.role,
      templateId: of.templateId,
      templateVersion: of.templateVersion,
      templateDigest: of.templateDigest,
      blueprint,
      blueprintDigest: digestOf(blueprint),
      target: 'archive',
      reason: null,
      state: 'ready',
      archive: { sha256: 'f'.repeat(64), bytes: 10 },
      image: null,
      error: null,
      createdBy: world.actor,
      createdAt: new Date(),
      endedAt: new Date(),
    };
  };
  const restore = (ifMatch?: number) => world.instances.restoreSnapshot(snapshot, { actor: world.actor, ifMatch });

  it('restored is what it was, as a revision more, and has its workspace filled before it runs', async () => {
    await world.instances.updateSoulOrIdentity(agent.id, world.tenantId, { soul: 'Another.', tags: ['new'] });
    const { instance, event } = await restore(2);
    expect(instance).toMatchObject({
      soul: agent.soul,
      tags: agent.tags,
      revision: 3,
      lifecycle: { seed: { snapshotId: snapshot.id, revision: 3 }, desired: { state: 'enabled', generation: 1 } },
    });
    expect(event.data).toMatchObject({
      revision: 3,
      restoredRevision: 1,
      archiveSha256: 'f'.repeat(64),
      generation: 1,
    });
    const path = { projectId: agent.projectId, id: agent.id };
    const { items } = await world.revisions.list(path, world.tenantId, { limit: 10 });
    expect(items.map(({ revision, soul, changedFields }) => [revision, soul, changedFields.at(-1)])).toEqual([
      [3, agent.soul, 'workspace'],
      [2, 'Another.', 'tags'],
      [1, agent.soul, 'tags'],
    ]);
  });

  it('restored is a revision more also where only its workspace can have changed', async () => {
    const { instance } = await restore();
    expect(instance.revision).toBe(2);
    await expect(restore(1)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
  });

  it('is restored and forked with a reason, which is in the events and in the seat of the fork', async () => {
    const reasoned = { actor: world.actor, ifMatch: undefined, reason: 'it went wrong' };
    const { event } = await world.instances.restoreSnapshot(snapshot, reasoned);
    expect(event.data.reason).toBe('it went wrong');
    expect((await restore()).event.data).not.toHaveProperty('reason');
    await world.instances.fork(snapshot, { reason: 'to try it' }, world.actor);
    await world.instances.fork(snapshot, {}, world.actor);
    const forks = world.instanceStore.events.filter(({ type }) => type === 'agent.forked');
    expect(forks.map(({ data }) => data)).toMatchObject([{ reason: 'to try it' }, {}]);
    expect(forks[1]?.data).not.toHaveProperty('reason');
    const { roleAssignments } = await world.projects.get(agent.projectId, world.tenantId);
    expect(roleAssignments.map(({ forkedFrom }) => forkedFrom?.reason)).toEqual([undefined, 'to try it', undefined]);
  });

  it('is not restored once it is to be removed', async () => {
    await world.instances.remove(world.asking, agent.projectId, agent.id);
    await expect(restore()).rejects.toMatchObject({ code: 'INVALID_TRANSITION' });
  });

  it('forked has the image it was kept as, else what its manifest names then', async () => {
    const manifest = { image: 'team/a' };
    const [named, kept] = [snapshotOf({ ...agent, manifest }), snapshotOf({ ...agent, manifest })];
    const pin = { reference: 'team/a', id: null, digest: 'sha256:two', at: new Date() };
    world.pins.set('team/a', pin);
    const image = { id: 'sha256:kept', reference: 'muster/snapshot:1' };
    for (const [from, expected, told] of [
      [named, pin, { imageId: null, imageDigest: 'sha256:two' }],
      [
        { ...kept, image },
        { ...image, digest: null, at: expect.any(Date) },
        { imageId: 'sha256:kept', imageDigest: null },
      ],
    ] as const) {
      world.snapshotStore.byId.set(from.id, from);
      const fork = await world.instances.fork(from, {}, world.actor);
      expect(fork.lifecycle.image).toEqual(expected);
      expect(world.instanceStore.events.at(-1)).toMatchObject({ type: 'agent.forked', data: told });
    }
    expect(world.lookedUp.slice(-2)).toEqual([['team/a'], []]);
  });

  it('forked is a new agent with a seat that says so, also when its template is gone', async () => {
    await world.instances.updateSoulOrIdentity(agent.id, world.tenantId, { soul: 'Another.' });
    const fork = await world.instances.fork(snapshot, { displayName: 'Second' }, world.actor);
    expect(fork).toMatchObject({
      soul: agent.soul,
      displayName: 'Second',
      identifier: 'web-app-dev-2',
      revision: 1,
      lifecycle: { seed: { snapshotId: snapshot.id, revision: 1 }, desired: { state: 'enabled' } },
    });
    expect(fork.lifecycle.retryAt).not.toBeNull();
    const project = await world.projects.get(agent.projectId, world.tenantId);
    expect(project.roleAssignments.at(-1)?.forkedFrom).toEqual({
      snapshotId: snapshot.id,
      instanceId: agent.id,
      revision: 1,
      signedOrigin: null,
    });
    expect(fork).not.toHaveProperty('signedOrigin');
    expect(world.instanceStore.events.at(-1)).toMatchObject({
      type: 'agent.forked',
      data: {
        instanceId: fork.id,
        origin: agent.id,
        originRevision: 1,
        digest: snapshot.blueprintDigest,
        originManifestDigest: null,
      },
    });
  });

  it('forked from one of a signed manifest is unsigned, and says what it comes of, however often', async () => {
    const signed = { manifestDigest: 'a'.repeat(64), keyId: 'kernel-1' };
    const spawn = { profile: 'illuvrse' as const, metadata: {}, ...signed };
    const origin = { ...agent, id: newId<AgentInstanceId>(), spawn };
    const about = { by: world.actor, at: new Date(), fields: [] };
    await world.instanceStore.insertOnce(world.tenantId, [{ instance: origin, lastChange: about, events: [] }]);
    let from: AgentInstance = origin;
    for (let generation = 0; generation < 2; generation += 1) {
      const taken = snapshotOf(from);
      world.snapshotStore.byId.set(taken.id, taken);
      const fork = await world.instances.fork(taken, {}, world.actor);
      expect(fork).toMatchObject({ signedOrigin: signed });
      expect(fork).not.toHaveProperty('spawn');
      expect(world.instanceStore.events.at(-1)).toMatchObject({
        type: 'agent.forked',
        data: { instanceId: fork.id, originManifestDigest: signed.manifestDigest },
      });
      from = fork;
    }
  });

  it('forked while the database fails is made by the sweep, once', async () => {
    world.instanceStore.failNextInsert = true;
    const forking = world.instances.fork(snapshot, { reason: 'to try it' }, world.actor);
    await expect(forking).rejects.toMatchObject({ code: 'SNAPSHOTS_PENDING' });
    await world.sweeper.sweep();
    await world.sweeper.sweep();
    const forks = world.instanceStore.events.filter(({ type }) => type === 'agent.forked');
    expect(forks).toMatchObject([{ data: { reason: 'to try it' } }]);
    const found = await world.instances.findByProject(agent.projectId, world.tenantId);
    expect(found.map(({ identifier, lifecycle }) => [identifier, lifecycle.seed?.snapshotId])).toEqual(
      expect.arrayContaining([
        ['web-app-dev-1', undefined],
        ['web-app-dev-2', snapshot.id],
      ]),
    );
    expect(found).toHaveLength(2);
  });

  it('forked from an image runs from that image', async () => {
    const image = { id: 'sha256:one', reference: `muster/snapshot:${snapshot.id}` };
    world.snapshotStore.byId.set(snapshot.id, { ...snapshot, image });
    const fork = await world.instances.fork({ ...snapshot, image }, {}, world.actor);
    expect(fork.lifecycle.image).toMatchObject(image);
  });
});
