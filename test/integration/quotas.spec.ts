import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ObjectId } from 'mongodb';
import { newId, type ProjectId, type TenantId } from '../../src/domain/ids.js';
import { seatHolding } from '../../src/domain/quotas/holding.js';
import { Installations } from '../../src/domain/installation.js';
import { QuotaGate } from '../../src/domain/quotas/quota-gate.js';
import { ContainerRuntime } from '../../src/domain/runtime/container-runtime.js';
import { LedgerKeeper } from '../../src/modules/quotas/ledger-keeper.js';
import { TestApp } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { eventually } from '../support/eventually.js';

/** Two Musters on one database: what is left is decided by the database alone. */
describe('quotas', () => {
  let one: TestApp;
  let two: TestApp;
  let templateId: string;
  const keys: string[] = [];

  beforeAll(async () => {
    one = await TestApp.start();
    two = await TestApp.start({}, one.database);
    const { body } = await one.call('/templates', {
      method: 'POST',
      body: { name: 'quoted', role: 'developer', manifest: { resources: { cpus: 0.5, memoryMiB: 100 } } },
    });
    templateId = body.id;
  });
  afterAll(async () => {
    await destroyAll(one, [undefined, ...keys]);
    for (const muster of [two, one]) {
      // Each has processes of its own, which the other cannot end.
      const runtime = muster.app.get<ContainerRuntime>(ContainerRuntime, { strict: false });
      const installation = await muster.app.get<Installations>(Installations, { strict: false }).current();
      for (const { id } of await runtime.list(installation)) await runtime.remove(id);
      await muster.stop();
    }
  });

  /** A tenant of its own, with limits of its own. */
  async function tenant(limits: object): Promise<{ id: TenantId; key: string; templateId: string }> {
    const name = `tenant-${newId()}`;
    const { body } = await one.call('/tenants', { method: 'POST', body: { name } });
    const answer = await one.call(`/tenants/${body.id}/quota`, { method: 'PUT', body: limits });
    expect([answer.status, answer.body.scope]).toEqual([200, 'tenant']);
    keys.push(body.adminKey.key as string);
    const template = await one.call('/templates', {
      method: 'POST',
      key: body.adminKey.key,
      body: { name: 'quoted', role: 'developer', manifest: { resources: { cpus: 0.5, memoryMiB: 100 } } },
    });
    return { id: body.id, key: body.adminKey.key, templateId: template.body.id };
  }

  const team = (count: number, template: string, more: object = {}): object => ({
    name: `Team ${newId()}`,
    roleAssignments: Array.from({ length: count }, () => ({ role: 'developer', templateId: template })),
    ...more,
  });
  const create = async (app: TestApp, of: { key: string }, body: object) =>
    app.call('/projects', { method: 'POST', key: of.key, body });
  const quota = async (of: { key: string }, app = one) => (await app.call('/quota', { key: of.key })).body;

  it('gives exactly the last three places to fifty who ask at once, of two processes', async () => {
    const own = await tenant({ instances: 5 });
    await create(one, own, team(2, own.templateId));
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => create(i % 2 === 0 ? one : two, own, team(1, own.templateId))),
    );
    const made = answers.filter(({ status }) => status === 201);
    const refused = answers.filter(({ status, body }) => status === 429 && body.code === 'QUOTA_EXCEEDED');
    expect([made.length, refused.length]).toEqual([3, 47]);
    expect(refused[0]!.body.details).toMatchObject({ quota: 'instances', scope: 'tenant', limit: 5, asked: 1 });
    expect((await quota(own)).instances).toEqual({ limit: 5, used: 5, left: 0, own: 5 });
    const alive = { tenantId: new ObjectId(own.id), removedAt: null };
    expect(await one.database.db.collection('agent_instances').countDocuments(alive)).toBe(5);
  });

  it('makes nothing of a team of five with room for four', async () => {
    const own = await tenant({ instances: 4 });
    const answer = await create(one, own, team(5, own.templateId));
    expect(answer.body).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { asked: 5, left: 4, used: 0 } });
    const ofTenant = { tenantId: new ObjectId(own.id) };
    for (const name of ['projects', 'agent_instances']) {
      expect([name, await one.database.db.collection(name).countDocuments(ofTenant)]).toEqual([name, 0]);
    }
    expect((await quota(own)).instances.used).toBe(0);
    expect((await create(one, own, team(4, own.templateId))).status).toBe(201);
  });

  it('counts what is to run from the moment it is asked for, and gives a failed create back', async () => {
    const own = await tenant({ cpus: 1.2, replicas: 9 });
    const body = team(2, own.templateId, { autostart: true, slug: 'running-team' });
    expect((await create(one, own, body)).status).toBe(201);
    expect(await quota(own)).toMatchObject({
      instances: { used: 2 },
      replicas: { used: 2 },
      cpus: { used: 1, left: 0.2 },
      memoryMiB: { used: 200 },
    });
    const taken = await create(one, own, team(1, own.templateId, { slug: 'running-team' }));
    expect([taken.status, taken.body.code]).toEqual([409, 'NAME_TAKEN']);
    expect((await quota(own)).instances.used).toBe(2);
    const more = await create(one, own, team(1, own.templateId, { autostart: true }));
    expect([more.status, more.body.details.quota]).toEqual([429, 'cpus']);
  });

  it('refuses a start before anything starts, and lets go of what was stopped or destroyed', async () => {
    const own = await tenant({ replicas: 1 });
    const project = (await create(one, own, team(2, own.templateId))).body;
    const [first, second] = (project.roleAssignments as { instanceId: string }[]).map(
      ({ instanceId }) => `/projects/${project.id}/agents/${instanceId}`,
    );
    const act = async (agent: string, action: string, app = one) =>
      app.call(`${agent}/actions`, {
        method: 'POST',
        key: own.key,
        body: { action },
        headers: { prefer: 'respond-async' },
      });
    expect((await act(first!, 'start')).status).toBe(202);
    const refused = await act(second!, 'start', two);
    expect(refused.body).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { quota: 'replicas', used: 1, left: 0 } });
    expect((await one.call(second!, { key: own.key })).body.lifecycle.desired).toMatchObject({
      state: 'enabled',
      generation: 0,
    });
    await act(first!, 'stop');
    await eventually(async () => {
      expect((await act(second!, 'start', two)).status).toBe(202);
    });
    await act(second!, 'destroy', two);
    await eventually(async () => {
      expect(await quota(own)).toMatchObject({ instances: { used: 1 }, replicas: { used: 0 } });
    });
  });

  it('starts no more than there is room for, however many ask at once', async () => {
    const own = await tenant({ memoryMiB: 350 });
    const project = (await create(one, own, team(12, own.templateId))).body;
    const answers = await Promise.all(
      (project.roleAssignments as { instanceId: string }[]).map(async ({ instanceId }, i) =>
        (i % 2 === 0 ? one : two).call(`/projects/${project.id}/agents/${instanceId}/actions`, {
          method: 'POST',
          key: own.key,
          body: { action: 'start' },
          headers: { prefer: 'respond-async' },
        }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(3).fill(202), ...Array(9).fill(429)]);
  });

  it('limits a project within its tenant, and says so in the log', async () => {
    const own = await tenant({ instances: 10 });
    const project = (await create(one, own, team(1, own.templateId))).body;
    const path = `/projects/${project.id}/quota`;
    const put = async (body: unknown) => one.call(path, { method: 'PUT', key: own.key, body });
    expect((await put({ instances: 11, runs: -1, cpus: 'all', gpus: 1 })).body.errors).toHaveLength(3);
    expect((await put({ instances: 11 })).body.errors).toEqual([
      { pointer: '/instances', detail: "must be at most 10, which is the tenant's" },
    ]);
    expect((await put({ instances: 2 })).body.instances).toEqual({ limit: 2, used: 1, left: 1, own: 2 });
    const assign = async (app: TestApp) =>
      app.call(`/projects/${project.id}/role-assignments`, {
        method: 'POST',
        key: own.key,
        body: { role: 'tester', templateId: own.templateId },
      });
    expect((await assign(two)).status).toBe(201);
    const refused = await assign(two);
    expect(refused.body.details).toMatchObject({ scope: 'project', limit: 2, used: 2, left: 0 });
    expect((await one.call(path, { key: own.key })).body.instances).toEqual({ limit: 2, used: 2, left: 0, own: 2 });

    await one.call(`/tenants/${own.id}/quota`, { method: 'PUT', body: { instances: 1 } });
    expect((await one.call(path, { key: own.key })).body.instances).toEqual({ limit: 1, used: 2, left: 0, own: 2 });
    await one.call(`/tenants/${own.id}/quota`, { method: 'PUT', body: { instances: 1 } });
    await eventually(async () => {
      const logged = await one.database.db
        .collection('event_log')
        .find({ tenantId: new ObjectId(own.id), type: 'quota.changed' })
        .sort({ seq: 1 })
        .toArray();
      expect(logged.map(({ data }) => data)).toEqual([
        { scope: 'tenant', projectId: null, limits: { instances: 10 } },
        { scope: 'project', projectId: project.id, limits: { instances: 2 } },
        { scope: 'tenant', projectId: null, limits: { instances: 1 } },
      ]);
    });
  });

  it('forgets a claim whose process died before its write, and finds what has no claim', async () => {
    const own = await tenant({ instances: 3 });
    const project = (await create(one, own, team(1, own.templateId))).body;
    const gate = one.app.get<QuotaGate>(QuotaGate, { strict: false });
    const long = new Date(Date.now() - 600_000);
    const projectId = project.id as ProjectId;
    await gate.claim(own.id, [seatHolding(newId(), projectId, long), seatHolding(newId(), projectId)]);
    const ledgers = one.database.db.collection('quota_ledgers');
    const seat = `held.seat:${project.roleAssignments[0].instanceId}`;
    await ledgers.updateOne({ tenantId: new ObjectId(own.id) }, { $unset: { [seat]: '' }, $inc: { version: 1 } });
    await one.app.get(LedgerKeeper, { strict: false }).recount(own.id);
    const held = (await ledgers.findOne({ tenantId: new ObjectId(own.id) }))?.['held'] as object;
    // The one that is made, and the claim that is young enough to become one.
    expect(Object.keys(held)).toHaveLength(2);
    expect(held).toHaveProperty([seat.slice('held.'.length)]);
    expect((await quota(own, two)).instances).toMatchObject({ used: 2, left: 1 });
  });

  it('is for admins to set: of the first tenant for tenants, of the tenant for projects', async () => {
    const own = await tenant({});
    const project = (await create(one, own, team(0, own.templateId))).body;
    const asAdmin = await one.call(`/tenants/${own.id}/quota`, { method: 'PUT', key: own.key, body: {} });
    expect([asAdmin.status, asAdmin.body.code]).toEqual([403, 'FORBIDDEN']);
    const author = await one.call('/api-keys', {
      method: 'POST',
      key: own.key,
      body: { name: 'author', role: 'author' },
    });
    const { key } = author.body as { key: string };
    const put = await one.call(`/projects/${project.id}/quota`, { method: 'PUT', key, body: {} });
    expect([put.status, put.body.details.permission]).toEqual([403, 'quotas:manage']);
    expect((await one.call('/quota', { key })).body).toMatchObject({
      scope: 'tenant',
      instances: { limit: 10_000, own: null },
      runs: { limit: 1_000, used: 0, left: 1_000 },
    });
    expect((await one.call(`/tenants/${newId()}/quota`)).status).toBe(404);
    expect((await one.call(`/projects/${newId()}/quota`, { key })).status).toBe(404);
  });

  it('lets the default tenant go on as before', async () => {
    expect((await one.call('/projects', { method: 'POST', body: team(1, templateId) })).status).toBe(201);
  });
});
