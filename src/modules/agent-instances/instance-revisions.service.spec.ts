import { beforeEach, describe, expect, it } from '@jest/globals';
import { systemActor } from '../../domain/events/actor.js';
import { newId, type ProjectId } from '../../domain/ids.js';
import { AgentWorld } from '../../../test/support/in-memory/agent-world.js';
import type { InstancePath } from './instance-revisions.service.js';

const ADA = systemActor('ada');

describe('InstanceRevisionsService', () => {
  let world: AgentWorld;
  let path: InstancePath;

  const edit = (soul: string) =>
    world.instances.updateSoulOrIdentity(path.id, world.tenantId, { soul }, { actor: ADA });
  const list = (limit = 50, cursor?: string) =>
    world.revisions.list(path, world.tenantId, { limit, ...(cursor === undefined ? {} : { cursor }) });

  beforeEach(async () => {
    world = new AgentWorld();
    const project = await world.project();
    path = { projectId: project.id, id: project.roleAssignments[0]!.instanceId };
  });

  it('tells who changed what and when, newest first, the snapshot itself as the first', async () => {
    await edit('second');
    await edit('third');
    const { items, nextCursor } = await list();
    expect(items).toMatchObject([
      { revision: 3, soul: 'third', changedBy: ADA, changedFields: ['soul'] },
      { revision: 2, soul: 'second', changedBy: ADA, changedFields: ['soul'] },
      {
        revision: 1,
        soul: 'I write the test first.',
        changedBy: world.actor,
        changedFields: ['soul', 'aieos_identity', 'displayName', 'tags'],
      },
    ]);
    expect(nextCursor).toBeNull();
  });

  it('comes in pages', async () => {
    for (const soul of ['b', 'c', 'd', 'e']) await edit(soul);
    const seen: number[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await list(2, cursor);
      seen.push(...page.items.map(({ revision }) => revision));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    expect(seen).toEqual([5, 4, 3, 2, 1]);
    expect((await list(1)).items).toHaveLength(1);
  });

  it('brings a revision back as a new one', async () => {
    await edit('second');
    const restored = await world.revisions.restore(path, world.tenantId, 1, { actor: ADA });
    expect(restored).toMatchObject({ revision: 3, soul: 'I write the test first.' });
    expect(world.instanceStore.events.at(-1)).toMatchObject({
      type: 'agent-instance.restored',
      data: { revision: 3, restoredRevision: 1 },
    });
    expect(await world.revisions.get(path, world.tenantId, 2)).toMatchObject({ soul: 'second' });
  });

  it('makes no revision of restoring what is there already', async () => {
    await edit('second');
    expect(await world.revisions.restore(path, world.tenantId, 2, { actor: ADA })).toMatchObject({ revision: 2 });
  });

  it('refuses a revision, and a project, that are not there', async () => {
    const missing = { code: 'NOT_FOUND' };
    await expect(world.revisions.get(path, world.tenantId, 2)).rejects.toMatchObject(missing);
    const elsewhere = { ...path, projectId: newId<ProjectId>() };
    await expect(world.revisions.list(elsewhere, world.tenantId, { limit: 1 })).rejects.toMatchObject(missing);
    await expect(world.revisions.restore(elsewhere, world.tenantId, 1, { actor: ADA })).rejects.toMatchObject(missing);
  });
});
