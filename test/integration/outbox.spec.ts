import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ObjectId } from 'mongodb';
import { OutboxSources } from '../../src/domain/events/outbox-source.js';
import type { TenantId } from '../../src/domain/ids.js';
import type { ProjectDto } from '../../src/modules/projects/dto/project.dto.js';
import { AuditService } from '../../src/modules/audit/audit.service.js';
import { OutboxRelay } from '../../src/modules/audit/outbox.relay.js';
import { OutboxSweeper } from '../../src/modules/audit/outbox.sweeper.js';
import { TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { assignmentsOf, teamTemplates } from '../support/team.js';

describe('outboxes', () => {
  let muster: TestApp;

  beforeEach(async () => {
    muster = await TestApp.start();
  });

  afterEach(async () => {
    await muster.stop();
  });

  const db = () => muster.database.db;

  async function createProject(name: string): Promise<ProjectDto> {
    const templates = await teamTemplates(muster);
    const body = { name, roleAssignments: assignmentsOf(templates) };
    return (await muster.call('/projects', { method: 'POST', body })).body;
  }

  const tenantOf = async (projectId: string): Promise<ObjectId> =>
    (await db()
      .collection('projects')
      .findOne({ _id: new ObjectId(projectId) }))!['tenantId'];

  const verify = async (tenantId: ObjectId) =>
    muster.app.get(AuditService, { strict: false }).verifyChain(tenantId.toHexString() as TenantId);

  const unmoved = async (): Promise<number> => {
    const counts = await Promise.all(
      ['projects', 'agent_instances', 'templates', 'tenants', 'api_keys'].map((name) =>
        db()
          .collection(name)
          .countDocuments({ 'outbox.0': { $exists: true } }),
      ),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  };

  /** A project's update as a process left it that was killed before its relay came to it. */
  async function leave(project: ProjectDto, events: number): Promise<ObjectId[]> {
    const tenantId = await tenantOf(project.id);
    const outbox = Array.from({ length: events }, () => ({
      eventId: new ObjectId(),
      type: 'project.updated',
      tenantId,
      actor: { type: 'system', id: 'test' },
      subject: { type: 'project', id: project.id },
      at: new Date(Date.now() - 60_000),
      data: { projectId: project.id, fields: ['name'] },
    }));
    await db()
      .collection('projects')
      .updateOne({ _id: new ObjectId(project.id) }, { $push: { outbox: { $each: outbox } } } as object);
    return outbox.map(({ eventId }) => eventId);
  }

  it('are known of every collection that has one', () => {
    const types = muster.app
      .get(OutboxSources, { strict: false })
      .all()
      .map(({ subjectType }) => subjectType);
    expect(types).toEqual(expect.arrayContaining(['template', 'project', 'agent-instance', 'tenant', 'api-key']));
    expect(new Set(types).size).toBe(types.length);
  });

  it('are moved into the log in their order, the project before its agents, and are empty then', async () => {
    const project = await createProject('moved');
    await eventually(async () => {
      expect(await unmoved()).toBe(0);
    });
    const ids = [project.id, ...project.roleAssignments.map(({ instanceId }) => instanceId)];
    const logged = await db()
      .collection('event_log')
      .find({ 'subject.id': { $in: ids } })
      .sort({ seq: 1 })
      .toArray();
    expect(logged.map((entry) => entry['type'])).toEqual([
      'project.created',
      ...Array<string>(5).fill('agent-instance.created'),
    ]);
    expect(logged[0]).toMatchObject({ actor: { type: 'api-key' }, data: { projectId: project.id } });
    expect(await verify(await tenantOf(project.id))).toMatchObject({ ok: true });
  });

  it('that a crash left are found by the sweep, and moved once by two processes that find them at the same time', async () => {
    const project = await createProject('left');
    const eventIds = await leave(project, 7);
    const other = await TestApp.start({}, muster.database);
    try {
      await Promise.all(
        [muster, other].flatMap(({ app }) => {
          const sweeper = app.get(OutboxSweeper, { strict: false });
          return [sweeper.sweep(0), sweeper.sweep(0)];
        }),
      );
      await Promise.all([muster, other].map(({ app }) => app.get(OutboxRelay, { strict: false }).settled()));
    } finally {
      await other.stop();
    }
    const logged = await db()
      .collection('event_log')
      .find({ eventId: { $in: eventIds } })
      .sort({ seq: 1 })
      .toArray();
    expect(logged.map((entry) => entry['eventId'])).toEqual(eventIds);
    await eventually(async () => {
      expect(await unmoved()).toBe(0);
    });
    expect(await verify(await tenantOf(project.id))).toMatchObject({ ok: true });
  });

  it('that are full refuse further changes with 503, until the log has caught up', async () => {
    const project = await createProject('full');
    await eventually(async () => {
      expect(await unmoved()).toBe(0);
    });
    await leave(project, 100);
    const change = async () =>
      muster.call(`/projects/${project.id}`, { method: 'PATCH', body: { description: 'changed' } });
    const refused = await change();
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ code: 'OUTBOX_FULL', status: 503 });
    await muster.app.get(OutboxSweeper, { strict: false }).sweep(0);
    await muster.app.get(OutboxRelay, { strict: false }).settled();
    expect((await change()).status).toBe(200);
  });

  it('are emptied before Muster ends, and the end of the log is checkpointed', async () => {
    const other = await TestApp.start({}, muster.database);
    const templates = await teamTemplates(other);
    const { body } = await other.call('/projects', {
      method: 'POST',
      body: { name: 'last', roleAssignments: assignmentsOf(templates) },
    });
    const { readFile } = await import('node:fs/promises');
    const tenantId = (await tenantOf(body.id as string)).toHexString();
    const { app, dataDir } = other;
    await app.close();
    expect(await unmoved()).toBe(0);
    const lines = (await readFile(`${dataDir}/checkpoints/${tenantId}.jsonl`, 'utf8')).trim().split('\n');
    const newest = JSON.parse(lines.at(-1)!);
    const head = await db().collection('event_log').find({}).sort({ seq: -1 }).limit(1).next();
    expect(newest).toMatchObject({ tenantId, seq: head!['seq'], hash: head!['hash'] });
    await other.stop();
  });
});
