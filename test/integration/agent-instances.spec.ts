import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ObjectId } from 'mongodb';
import { systemActor } from '../../src/domain/events/actor.js';
import { newId, type AgentInstanceId, type ProjectId, type TemplateId, type TenantId } from '../../src/domain/ids.js';
import type { AgentInstance } from '../../src/domain/agent-instances/agent-instance.js';
import { AgentInstances } from '../../src/domain/agent-instances/agent-instances.repository.js';
import { AgentInstancesService } from '../../src/modules/agent-instances/agent-instances.service.js';
import { InstanceRevisionsService } from '../../src/modules/agent-instances/instance-revisions.service.js';
import { snapshotOf } from '../../src/modules/agent-instances/snapshot.js';
import { ProjectsService } from '../../src/modules/projects/projects.service.js';
import { TemplatesService } from '../../src/modules/templates/templates.service.js';
import { TestApp } from '../support/app.js';
import { teamTemplates } from '../support/team.js';

const actor = systemActor('test');
const NO_PINS = new Map<string, never>();

describe('agent instances on the database', () => {
  let muster: TestApp;
  let templates: Awaited<ReturnType<typeof teamTemplates>>;
  let tenantId: TenantId;
  let projectId: ProjectId;
  let agent: AgentInstance;
  let names = 0;

  beforeAll(async () => {
    muster = await TestApp.start();
    templates = await teamTemplates(muster);
    const template = await muster.database.db.collection('templates').findOne({});
    tenantId = (template!['tenantId'] as ObjectId).toHexString() as TenantId;
  });

  afterAll(async () => {
    await muster.stop();
  });

  beforeEach(async () => {
    names += 1;
    const { value } = await projects().create({ tenantId, actor }, { name: `Project ${names}`, roleAssignments: [] });
    projectId = value.id;
    agent = await service().createSnapshot(projectId, tenantId, templates.developer.id as TemplateId);
  });

  const of = <T>(type: abstract new (...args: never[]) => T): T => muster.app.get(type, { strict: false });
  const projects = () => of(ProjectsService);
  const service = () => of(AgentInstancesService);
  const store = () => of(AgentInstances);
  const collection = () => muster.database.db.collection('agent_instances');
  const document = async () => collection().findOne({ _id: new ObjectId(agent.id) });

  it('keep every field that the model names, in the document', async () => {
    expect(await document()).toMatchObject({
      projectId: new ObjectId(projectId),
      tenantId: new ObjectId(tenantId),
      templateId: new ObjectId(agent.templateId),
      displayName: 'The developer',
      identifier: `project-${names}-dev-1`,
      tags: ['team'],
      pid: null,
      soul: templates.developer.soul,
      config: { model: 'any', provider: 'echo', skills: 'listening', canWriteCode: true, mcpServers: [] },
      status: 'idle',
      workspacePath: `/artifacts/${projectId}/workspaces/${agent.id}/`,
      createdAt: expect.any(Date),
      updatedAt: expect.any(Date),
    });
    expect(agent.aieos_identity).toEqual(templates.developer.aieos_identity);
  });

  it('keep an identity to the letter, whatever its members are called', async () => {
    const identity = JSON.parse(
      '{"$ref":"x","$id":1,"a.b":{"c.d":[]},"":null,"_bsontype":"ObjectId","big":1e300,"small":0.1,"deep":{"$set":{"x":[1,{"y":"ü€😀"}]}}}',
    );
    await service().updateSoulOrIdentity(agent.id, tenantId, { aieos_identity: identity });
    const { aieos_identity } = await service().findById(agent.id, tenantId);
    expect(JSON.stringify(aieos_identity)).toBe(JSON.stringify(identity));
  });

  it('are inserted once, however many try', async () => {
    const project = await projects().get(projectId, tenantId);
    const [seat] = project.roleAssignments;
    const [template] = await of(TemplatesService).getVersions(tenantId, [
      { id: agent.templateId, version: agent.templateVersion },
    ]);
    const fresh = { ...seat!, instanceId: newId<AgentInstanceId>(), identifier: 'fresh-dev-1' };
    const attempts = await Promise.all(
      Array.from({ length: 8 }, async () =>
        store().insertOnce(tenantId, [
          snapshotOf(project, seat!, template!, NO_PINS),
          snapshotOf(project, fresh, template!, NO_PINS),
        ]),
      ),
    );
    expect(attempts.flatMap((inserted) => [...inserted])).toEqual([fresh.instanceId]);
    expect(await service().findById(agent.id, tenantId)).toEqual(agent);
  });

  it('refuse an identifier that stands in another instance, loudly', async () => {
    const project = await projects().get(projectId, tenantId);
    const [seat] = project.roleAssignments;
    const [template] = await of(TemplatesService).getVersions(tenantId, [
      { id: agent.templateId, version: agent.templateVersion },
    ]);
    const impostor = snapshotOf(project, { ...seat!, instanceId: newId<AgentInstanceId>() }, template!, NO_PINS);
    await expect(store().insertOnce(tenantId, [impostor])).rejects.toMatchObject({ code: 11000 });
  });

  it('keep both of two edits at the same time, and a revision for each', async () => {
    await Promise.all(
      ['soul', 'displayName'].map(async (field) =>
        service().updateSoulOrIdentity(agent.id, tenantId, { [field]: `new ${field}` }, { actor }),
      ),
    );
    expect(await service().findById(agent.id, tenantId)).toMatchObject({
      soul: 'new soul',
      displayName: 'new displayName',
      revision: 3,
    });
    const { items } = await of(InstanceRevisionsService).list({ projectId, id: agent.id }, tenantId, { limit: 10 });
    expect(items.map(({ revision }) => revision)).toEqual([3, 2, 1]);
    expect(items.flatMap(({ changedFields }) => changedFields).sort()).toEqual(
      ['aieos_identity', 'displayName', 'displayName', 'soul', 'soul', 'tags'].sort(),
    );
  });

  it('show no revision that a crash left above the present one', async () => {
    await service().updateSoulOrIdentity(agent.id, tenantId, { soul: 'second' }, { actor });
    const revisions = muster.database.db.collection('instance_revisions');
    const kept = await revisions.findOne({ instanceId: new ObjectId(agent.id), revision: 1 });
    // as it is after a kill between keeping revision 2 and moving the head to 3
    await revisions.insertOne({ ...kept, _id: new ObjectId(), revision: 2, soul: 'second' });
    const list = async () =>
      (await of(InstanceRevisionsService).list({ projectId, id: agent.id }, tenantId, { limit: 10 })).items;
    expect((await list()).map(({ revision }) => revision)).toEqual([2, 1]);
    await service().updateSoulOrIdentity(agent.id, tenantId, { soul: 'third' }, { actor });
    expect((await list()).map(({ revision, soul }) => [revision, soul])).toEqual([
      [3, 'third'],
      [2, 'second'],
      [1, templates.developer.soul],
    ]);
  });

  it('refuse a change while the outbox is full', async () => {
    const event = { eventId: new ObjectId(), type: 'x' };
    const outbox = Array.from({ length: 100 }, () => ({ ...event, tenantId: new ObjectId(tenantId), at: new Date() }));
    await collection().updateOne({ _id: new ObjectId(agent.id) }, { $set: { outbox } });
    await expect(
      service().updateSoulOrIdentity(agent.id, tenantId, { soul: 'third' }, { actor }),
    ).rejects.toMatchObject({ code: 'OUTBOX_FULL' });
    await collection().updateOne({ _id: new ObjectId(agent.id) }, { $set: { outbox: [] } });
  });

  it('come in pages, newest first, without those that are removed', async () => {
    const ids = [agent.id];
    for (const role of ['tester', 'architect', 'reviewer'] as const) {
      ids.push((await service().createSnapshot(projectId, tenantId, templates[role].id as TemplateId)).id);
    }
    await collection().updateOne({ _id: new ObjectId(ids[1]) }, { $set: { removedAt: new Date() } });
    const first = await service().listByProject(projectId, tenantId, { limit: 2 });
    const second = await service().listByProject(projectId, tenantId, { limit: 2, cursor: first.nextCursor! });
    const seen = [...first.items, ...second.items].map(({ id }) => id);
    expect(seen).toEqual([ids[0], ids[2], ids[3]].sort().reverse());
    expect(second.nextCursor).toBeNull();
    expect((await service().findByProject(projectId, tenantId)).map(({ id }) => id)).toEqual(seen);
  });

  it('have status and pid set without a revision', async () => {
    await service().updateStatus(agent.id, 'error', tenantId);
    expect(await service().updatePid(agent.id, 42, tenantId)).toMatchObject({ status: 'error', pid: 42, revision: 1 });
    await expect(service().updatePid(agent.id, 42, newId<TenantId>())).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
