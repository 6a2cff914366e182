import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId, type AgentInstanceId, type ProjectId, type TemplateId, type TenantId } from '../../domain/ids.js';
import { AgentWorld } from '../../../test/support/in-memory/agent-world.js';

describe('AgentInstancesService', () => {
  let world: AgentWorld;

  beforeEach(() => {
    // some of these tests have the database fail, which is logged
    Logger.overrideLogger(false);
    world = new AgentWorld();
  });

  describe('createSnapshot', () => {
    it('copies the newest version of the template whole', async () => {
      const project = await world.project([]);
      const template = world.templates.create();
      world.templates.update(template.id, { soul: 'I write the test twice.' });
      const instance = await world.instances.createSnapshot(project.id, world.tenantId, template.id);
      const { content, digest } = world.templates.newest(template.id);
      expect(instance).toMatchObject({
        projectId: project.id,
        tenantId: world.tenantId,
        templateId: template.id,
        templateVersion: 2,
        templateDigest: digest,
        displayName: content.displayName,
        soul: 'I write the test twice.',
        aieos_identity: content.aieos_identity,
        systemPrompt: content.systemPrompt,
        tools: content.tools,
        config: content.config,
        manifest: content.manifest,
        tags: content.tags,
        pid: null,
        status: 'idle',
        revision: 1,
        workspacePath: `/artifacts/${project.id}/workspaces/${instance.id}/`,
      });
      expect(instance.lifecycle).toMatchObject({ state: 'enabled', desired: { state: 'enabled', generation: 0 } });
    });

    it('takes the display name it is given', async () => {
      const project = await world.project([]);
      const { id } = world.templates.create();
      expect(await world.instances.createSnapshot(project.id, world.tenantId, id, 'Ada')).toMatchObject({
        displayName: 'Ada',
      });
    });

    it('gives it a seat, so that there are as many assignments as instances', async () => {
      const project = await world.project(['developer', 'tester']);
      const template = world.templates.create({ role: '' });
      const instance = await world.instances.createSnapshot(project.id, world.tenantId, template.id);
      expect(instance).toMatchObject({ role: 'agent', identifier: 'web-app-agent-1' });
      const { roleAssignments } = await world.projects.get(project.id, world.tenantId);
      const instances = await world.instances.findByProject(project.id, world.tenantId);
      expect(roleAssignments.map(({ instanceId }) => instanceId).sort()).toEqual(instances.map(({ id }) => id).sort());
      expect(instances).toHaveLength(3);
    });

    it('refuses a template and a project that are not there', async () => {
      const project = await world.project([]);
      const { id } = world.templates.create();
      await expect(
        world.instances.createSnapshot(project.id, world.tenantId, newId<TemplateId>()),
      ).rejects.toMatchObject({ code: 'TEMPLATES_UNKNOWN' });
      await expect(world.instances.createSnapshot(newId<ProjectId>(), world.tenantId, id)).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
    });
  });

  describe('on project.created', () => {
    it('creates one instance for each assignment, with the ids the project allocated', async () => {
      const project = await world.project(['developer', 'developer', 'tester']);
      const instances = await world.instances.findByProject(project.id, world.tenantId);
      expect(instances.map(({ id }) => id).sort()).toEqual(
        project.roleAssignments.map(({ instanceId }) => instanceId).sort(),
      );
      expect(instances.map(({ identifier }) => identifier).sort()).toEqual([
        'web-app-dev-1',
        'web-app-dev-2',
        'web-app-tester-1',
      ]);
      expect(world.instanceStore.events.map(({ type }) => type)).toEqual(
        Array<string>(3).fill('agent-instance.created'),
      );
    });

    it('leaves it to the sweep when the database goes away in between', async () => {
      world.instanceStore.failNextInsert = true;
      const template = world.templates.create();
      const { value: project, settled } = await world.projects.create(world.asking, {
        name: 'Web App',
        roleAssignments: [{ role: 'developer', templateId: template.id }],
      });
      expect(settled).toBe(false);
      expect(await world.instances.findByProject(project.id, world.tenantId)).toEqual([]);
      const [seat] = project.roleAssignments;
      await expect(world.instances.findInProject(project.id, seat!.instanceId, world.tenantId)).rejects.toMatchObject({
        code: 'SNAPSHOTS_PENDING',
      });
      // a template edit in between changes nothing: the version was resolved with the project
      world.templates.update(template.id, { soul: 'Too late.' });
      await world.sweeper.sweep();
      await world.sweeper.sweep();
      const instances = await world.instances.findByProject(project.id, world.tenantId);
      expect(instances).toMatchObject([{ id: seat!.instanceId, soul: template.content.soul, templateVersion: 1 }]);
    });

    it('pins what their images are then, and says so', async () => {
      const [id, digest] = ['sha256:one', 'sha256:two'];
      const pin = { reference: 'team/a:1', id, digest, at: new Date() };
      world.pins.set('team/a:1', pin);
      const of = (image?: string) => world.templates.create({ manifest: image === undefined ? {} : { image } }).id;
      const [pinned, unknown, none] = [of('team/a:1'), of('team/b'), of()];
      const { value: project } = await world.projects.create(world.asking, {
        name: 'Web App',
        roleAssignments: [pinned, unknown, none, pinned].map((templateId) => ({ role: 'developer', templateId })),
      });
      expect(world.lookedUp).toEqual([['team/a:1', 'team/b', 'team/a:1']]);
      const told = [
        { image: pin, data: { imageId: id, imageDigest: digest } },
        { image: undefined, data: { imageId: null, imageDigest: null } },
        { image: undefined, data: {} },
        { image: pin, data: { imageId: id, imageDigest: digest } },
      ];
      for (const [index, { instanceId }] of project.roleAssignments.entries()) {
        const { lifecycle } = await world.instances.findById(instanceId, world.tenantId);
        expect(lifecycle.image).toEqual(told[index]!.image);
        const event = world.instanceStore.events.find(({ subject }) => subject.id === instanceId);
        const { imageId, imageDigest } = event!.data as { imageId?: unknown; imageDigest?: unknown };
        expect({ imageId, imageDigest }).toEqual({
          imageId: undefined,
          imageDigest: undefined,
          ...told[index]!.data,
        });
        expect(JSON.stringify(event)).not.toContain('team/');
      }
    });

    it('keeps what was pinned first, however often it is told', async () => {
      const first = { reference: 'team/a', id: 'sha256:one', digest: null, at: new Date() };
      world.pins.set('team/a', first);
      const project = await world.project(['developer'], world.templates.create({ manifest: { image: 'team/a' } }).id);
      world.pins.set('team/a', { ...first, id: 'sha256:two' });
      // As the sweep does with a project whose marks a crash has left.
      await world.snapshots.complete(
        project,
        project.roleAssignments.map(({ instanceId }) => instanceId),
      );
      const [instance] = await world.instances.findByProject(project.id, world.tenantId);
      expect(instance?.lifecycle.image).toEqual(first);
      expect(world.published.filter(({ type }) => type === 'agent-instance.created')).toHaveLength(1);
    });

    it('wants them to run at once when the project starts by itself', async () => {
      const { id: templateId } = world.templates.create();
      const { value: project } = await world.projects.create(world.asking, {
        name: 'Web App',
        autostart: true,
        roleAssignments: [{ role: 'developer', templateId }],
      });
      const [instance] = await world.instances.findByProject(project.id, world.tenantId);
      expect(instance?.lifecycle.desired).toMatchObject({ state: 'running', generation: 1, requestedBy: world.actor });
      expect(world.published.map(({ type }) => type)).toEqual([
        'project.created',
        'agent-instance.created',
        'lifecycle.requested',
      ]);
    });
  });

  describe('findById', () => {
    it('finds the instance for its own tenant alone', async () => {
      const project = await world.project();
      const { instanceId } = project.roleAssignments[0]!;
      expect(await world.instances.findById(instanceId, world.tenantId)).toMatchObject({ id: instanceId });
      await expect(world.instances.findById(instanceId, newId<TenantId>())).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
      await expect(world.instances.findById(newId<AgentInstanceId>(), world.tenantId)).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
    });
  });

  describe('findByProject', () => {
    it('finds none for another tenant, and none of another project', async () => {
      const project = await world.project();
      expect(await world.instances.findByProject(project.id, newId<TenantId>())).toEqual([]);
      expect(await world.instances.findByProject(newId<ProjectId>(), world.tenantId)).toEqual([]);
    });
  });

  describe('updateStatus and updatePid', () => {
    it('say what the agent is doing, and make no revision', async () => {
      const { instanceId } = (await world.project()).roleAssignments[0]!;
      await world.instances.updateStatus(instanceId, 'busy', world.tenantId);
      await world.instances.updatePid(instanceId, 4711, world.tenantId);
      expect(await world.instances.findById(instanceId, world.tenantId)).toMatchObject({
        status: 'busy',
        pid: 4711,
        revision: 1,
      });
      expect(await world.instances.updatePid(instanceId, null, world.tenantId)).toMatchObject({ pid: null });
    });

    it('refuse an instance of another tenant', async () => {
      const { instanceId } = (await world.project()).roleAssignments[0]!;
      await expect(world.instances.updateStatus(instanceId, 'busy', newId<TenantId>())).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
    });
  });

  describe('updateSoulOrIdentity', () => {
    it('changes this instance, and neither its template nor the instance beside it', async () => {
      const template = world.templates.create();
      const project = await world.project(['developer', 'developer'], template.id);
      const [one, other] = project.roleAssignments;
      const before = await world.instances.findById(other!.instanceId, world.tenantId);
      const edited = await world.instances.updateSoulOrIdentity(one!.instanceId, world.tenantId, {
        soul: 'I have my own mind now.',
        aieos_identity: null,
      });
      expect(edited).toMatchObject({ soul: 'I have my own mind now.', aieos_identity: null, revision: 2 });
      expect(world.templates.newest(template.id)).toBe(template);
      expect(await world.instances.findById(other!.instanceId, world.tenantId)).toEqual(before);
    });

    it('makes no revision of an edit that changes nothing', async () => {
      const { instanceId } = (await world.project()).roleAssignments[0]!;
      const { soul, aieos_identity, tags, displayName } = await world.instances.findById(instanceId, world.tenantId);
      const edited = await world.instances.updateSoulOrIdentity(instanceId, world.tenantId, {
        soul,
        aieos_identity: structuredClone(aieos_identity),
        tags: [...tags],
        displayName,
      });
      expect(edited.revision).toBe(1);
      expect(world.instanceStore.events.map(({ type }) => type)).toEqual(['agent-instance.created']);
    });

    it('says in its event what changed, and never the text itself', async () => {
      const { instanceId } = (await world.project()).roleAssignments[0]!;
      await world.instances.updateSoulOrIdentity(instanceId, world.tenantId, { soul: 'A secret.' });
      const event = world.instanceStore.events.at(-1);
      expect(event).toMatchObject({ type: 'agent-instance.edited', data: { revision: 2, fields: ['soul'] } });
      expect(JSON.stringify(event)).not.toContain('A secret');
    });

    it('refuses an edit of a revision that is no longer the present one', async () => {
      const { instanceId } = (await world.project()).roleAssignments[0]!;
      const edit = (soul: string, ifMatch?: number) =>
        world.instances.updateSoulOrIdentity(instanceId, world.tenantId, { soul }, { actor: world.actor, ifMatch });
      await edit('first', 1);
      await expect(edit('second', 1)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
      expect(await edit('third', 2)).toMatchObject({ soul: 'third', revision: 3 });
    });

    it('keeps both of two edits made at the same time', async () => {
      const { instanceId } = (await world.project()).roleAssignments[0]!;
      await Promise.all([
        world.instances.updateSoulOrIdentity(instanceId, world.tenantId, { soul: 'new soul' }),
        world.instances.updateSoulOrIdentity(instanceId, world.tenantId, { displayName: 'new name' }),
      ]);
      expect(await world.instances.findById(instanceId, world.tenantId)).toMatchObject({
        soul: 'new soul',
        displayName: 'new name',
        revision: 3,
      });
    });
  });

  describe('remove', () => {
    it('gives up the seat and asks the agent to go; the number is not used again', async () => {
      const project = await world.project(['developer', 'developer']);
      const [, second] = project.roleAssignments;
      const gone = await world.instances.remove(world.asking, project.id, second!.instanceId);
      expect(gone).toBe(false);
      const left = await world.projects.get(project.id, world.tenantId);
      expect(left.roleAssignments.map(({ identifier }) => identifier)).toEqual(['web-app-dev-1']);
      expect(left.pendingRemovals).toEqual([]);
      expect((await world.instances.findById(second!.instanceId, world.tenantId)).lifecycle.desired).toMatchObject({
        state: 'removed',
        generation: 1,
      });
      const { value } = await world.projects.assign(world.asking, project.id, {
        role: 'developer',
        templateId: second!.templateId,
      });
      expect(value.roleAssignments.at(-1)?.identifier).toBe('web-app-dev-3');
    });

    it('leaves a tombstone for an agent that was never made, which a late snapshot finds', async () => {
      world.instanceStore.failNextInsert = true;
      const project = await world.project();
      const { instanceId } = project.roleAssignments[0]!;
      expect(await world.instances.remove(world.asking, project.id, instanceId)).toBe(true);
      await world.sweeper.sweep();
      expect(await world.instances.findByProject(project.id, world.tenantId)).toEqual([]);
      await expect(world.instances.findById(instanceId, world.tenantId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect(world.instanceStore.events).toEqual([]);
    });

    it('is the same once more, and refuses what is not in the project', async () => {
      const project = await world.project();
      const { instanceId } = project.roleAssignments[0]!;
      await world.instances.remove(world.asking, project.id, instanceId);
      expect(await world.instances.remove(world.asking, project.id, instanceId)).toBe(false);
      expect(world.instanceStore.events.filter(({ type }) => type === 'lifecycle.requested')).toHaveLength(1);
      await expect(world.instances.remove(world.asking, project.id, newId<AgentInstanceId>())).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
    });
  });
});
