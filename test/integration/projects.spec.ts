import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ObjectId } from 'mongodb';
import { systemActor } from '../../src/domain/events/actor.js';
import { domainEvent, type DomainEvent } from '../../src/domain/events/domain-events.js';
import { newId, type AgentInstanceId, type ProjectId, type TemplateId, type TenantId } from '../../src/domain/ids.js';
import type { Project, RoleAssignment } from '../../src/domain/projects/project.js';
import { Projects } from '../../src/domain/projects/projects.repository.js';
import { RosterListener } from '../../src/modules/agent-instances/roster.listener.js';
import { RosterSweeper } from '../../src/modules/agent-instances/roster.sweeper.js';
import { OutboxSweeper } from '../../src/modules/audit/outbox.sweeper.js';
import { ProjectsService } from '../../src/modules/projects/projects.service.js';
import { TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { assignmentsOf, TEAM_ROLES, teamTemplates } from '../support/team.js';

const actor = systemActor('test');

describe('projects on the database', () => {
  let muster: TestApp;
  let other: TestApp;
  let templates: Awaited<ReturnType<typeof teamTemplates>>;
  let tenantId: TenantId;
  let names = 0;

  beforeAll(async () => {
    muster = await TestApp.start();
    other = await TestApp.start({}, muster.database);
    templates = await teamTemplates(muster);
    const template = await db().collection('templates').findOne({});
    tenantId = (template!['tenantId'] as ObjectId).toHexString() as TenantId;
  });

  afterAll(async () => {
    await other.stop();
    await muster.stop();
  });

  const db = () => muster.database.db;
  const store = () => muster.app.get(Projects, { strict: false });
  const service = (app: TestApp) => app.app.get(ProjectsService, { strict: false });

  const seat = (project: { slug: string }, role: keyof typeof templates, n = 1): RoleAssignment => ({
    instanceId: newId<AgentInstanceId>(),
    identifier: `${project.slug}-${role.replace('_', '-')}-${n}`,
    role,
    templateId: templates[role].id as TemplateId,
    templateVersion: 1,
    displayName: null,
    tags: [],
    forkedFrom: null,
    assignedAt: new Date(),
    assignedBy: actor,
  });

  /** A project as it is right after its insert, before anybody made its agents. */
  async function inserted(): Promise<{ project: Project; event: DomainEvent<'project.created'> }> {
    names += 1;
    const slug = `inserted-${names}`;
    const roleAssignments = TEAM_ROLES.map((role) => seat({ slug }, role));
    const instanceIds = roleAssignments.map(({ instanceId }) => instanceId);
    const project: Project = {
      id: newId<ProjectId>(),
      tenantId,
      name: slug,
      slug,
      description: '',
      autostart: false,
      roleAssignments,
      roleCounters: {},
      pendingSnapshots: instanceIds,
      pendingRemovals: [],
      revision: 1,
      createdAt: new Date(),
      updatedAt: new Date(),
      archivedAt: null,
    };
    const about = { tenantId, actor, subject: { type: 'project', id: project.id } as const };
    const event = domainEvent('project.created', about, { projectId: project.id, instanceIds });
    await store().insert(project, event);
    return { project, event };
  }

  const instancesOf = async (projectId: string) =>
    db()
      .collection('agent_instances')
      .find({ projectId: new ObjectId(projectId) })
      .toArray();

  const loggedOf = async (ids: readonly string[]): Promise<string[]> =>
    (
      await db()
        .collection('event_log')
        .find({ 'subject.id': { $in: [...ids] } })
        .toArray()
    )
      .map((entry) => entry['type'] as string)
      .sort();

  it('have exactly one agent and one event for each assignment, when listeners and sweeps of two processes meet', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { project, event } = await inserted();
      const apps = [muster, other].map(({ app }) => app);
      const work = apps.flatMap((app) => {
        const listener = app.get(RosterListener, { strict: false });
        const sweeper = app.get(RosterSweeper, { strict: false });
        return [listener.onProjectCreated(event), sweeper.sweep(), listener.onProjectCreated(event), sweeper.sweep()];
      });
      await Promise.all(work);
      // nobody has published this project's event: to the log it is what a crash left
      await Promise.all(apps.map((app) => app.get(OutboxSweeper, { strict: false }).sweep(0)));
      const instances = await instancesOf(project.id);
      expect(instances.map(({ _id }) => _id.toHexString()).sort()).toEqual(
        project.roleAssignments.map(({ instanceId }) => instanceId).sort(),
      );
      await eventually(async () => {
        expect(await loggedOf([project.id, ...instances.map(({ _id }) => _id.toHexString())])).toEqual([
          ...Array<string>(5).fill('agent-instance.created'),
          'project.created',
        ]);
        expect((await store().find(project.id, tenantId))?.pendingSnapshots).toEqual([]);
      });
    }
  });

  it('get the agents that a crash left out', async () => {
    const { project } = await inserted();
    await other.app.get(RosterSweeper, { strict: false }).sweep();
    expect(await instancesOf(project.id)).toHaveLength(5);
  });

  it('that are archived before their agents are made have tombstones, which a late listener finds', async () => {
    const { project, event } = await inserted();
    const late = muster.app.get(RosterListener, { strict: false });
    await Promise.all([
      service(other).archive({ tenantId, actor }, project.id),
      late.onProjectCreated(event),
      other.app.get(RosterListener, { strict: false }).onProjectCreated(event),
    ]);
    await late.onProjectCreated(event);
    const instances = await instancesOf(project.id);
    expect(instances).toHaveLength(5);
    for (const instance of instances) {
      expect(instance['lifecycle']).toMatchObject({ desired: { state: 'removed' } });
    }
    expect(await store().find(project.id, tenantId)).toMatchObject({ pendingSnapshots: [], pendingRemovals: [] });
  });

  it('ask the agents of an archived project to go, also when the process died before it could', async () => {
    const { project, event } = await inserted();
    await muster.app.get(RosterListener, { strict: false }).onProjectCreated(event);
    const about = { tenantId, actor, subject: { type: 'project', id: project.id } as const };
    const archived = domainEvent('project.archived', about, { projectId: project.id });
    await store().archive(project, project.roleAssignments, archived);
    await Promise.all([muster, other].map(({ app }) => app.get(RosterSweeper, { strict: false }).sweep()));
    const instances = await instancesOf(project.id);
    for (const instance of instances) {
      expect(instance['lifecycle']).toMatchObject({ desired: { state: 'removed', generation: 1 } });
    }
    expect(await store().findPending(null, 100)).toEqual([]);
  });

  it('never use a number twice, when two processes assign and remove at the same time', async () => {
    const { value: project } = await service(muster).create(
      { tenantId, actor },
      { name: 'Numbers', roleAssignments: [] },
    );
    const templateId = templates.developer.id as TemplateId;
    const assign = (app: TestApp) =>
      service(app).assign({ tenantId, actor }, project.id, { role: 'developer', templateId });
    const results = await Promise.allSettled([muster, other, muster, other].map(assign));
    const assigned = results.filter(({ status }) => status === 'fulfilled').length;
    expect(assigned).toBeGreaterThan(0);
    const { roleAssignments } = await service(muster).get(project.id, tenantId);
    expect(roleAssignments).toHaveLength(assigned);
    await service(other).unassign({ tenantId, actor }, project.id, roleAssignments.at(-1)!.instanceId);
    const next = await assign(muster);
    const numbers = [...roleAssignments, next.value.roleAssignments.at(-1)!].map(({ identifier }) => identifier);
    expect(numbers).toEqual(numbers.map((_, index) => `numbers-dev-${index + 1}`));
    expect(await instancesOf(project.id)).toHaveLength(assigned + 1);
  });

  it('keep a slug for one live project of a tenant, also when two processes want it at once', async () => {
    const body = { name: 'Taken', roleAssignments: assignmentsOf({ tester: templates.tester }) };
    const answers = await Promise.all(
      [muster, other, muster, other].map(async (app) => app.call('/projects', { method: 'POST', body })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  });

  it('refuse a change of a revision that is not the present one, and tell why nothing matched', async () => {
    const { project } = await inserted();
    const about = { tenantId, actor, subject: { type: 'project', id: project.id } as const };
    const event = () => domainEvent('project.updated', about, { projectId: project.id, fields: ['name'] });
    const updated = await store().update(project, { name: 'Second' }, event());
    expect(updated).toMatchObject({ name: 'Second', revision: 2, slug: project.slug });
    await expect(store().update(project, { name: 'Third' }, event())).rejects.toMatchObject({
      code: 'CONCURRENT_UPDATE',
    });
    const elsewhere = { ...updated, tenantId: newId<TenantId>() };
    await expect(store().update(elsewhere, { name: 'Third' }, event())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const archived = domainEvent('project.archived', about, { projectId: project.id });
    const gone = await store().archive(updated, updated.roleAssignments, archived);
    await expect(store().update(gone, { name: 'Third' }, event())).rejects.toMatchObject({ code: 'ARCHIVED' });
  });
});
