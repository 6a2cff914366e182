import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ObjectId } from 'mongodb';
import { SOUL_MAX_BYTES } from '../../src/domain/templates/limits.js';
import { TestApp, type Answer } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { teamTemplates } from '../support/team.js';

const UNKNOWN = '0'.repeat(24);
const MERGE = { 'content-type': 'application/merge-patch+json' };

describe('agents over HTTP', () => {
  let app: TestApp;
  let templates: Awaited<ReturnType<typeof teamTemplates>>;
  let agents: string;
  let agent: string;
  let names = 0;

  beforeAll(async () => {
    app = await TestApp.start();
    templates = await teamTemplates(app);
  });

  afterAll(async () => {
    await app.stop();
  });

  beforeEach(async () => {
    names += 1;
    const { body } = await app.call('/projects', {
      method: 'POST',
      body: { name: `Project ${names}`, roleAssignments: [{ role: 'developer', templateId: templates.developer.id }] },
    });
    agents = `/projects/${body.id}/agents`;
    agent = `${agents}/${body.roleAssignments[0].instanceId}`;
  });

  const read = async (path = agent): Promise<any> => (await app.call(path)).body;
  const patch = async (body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    app.call(agent, { method: 'PATCH', body, headers });

  it('have the fields of the contract, and no others', async () => {
    const { status, headers, body } = await app.call(agent);
    expect(status).toBe(200);
    expect(headers.get('etag')).toBe('"1"');
    expect(Object.keys(body as object)).toEqual(
      [
        ['id', 'projectId', 'tenantId', 'templateId', 'templateVersion', 'templateDigest', 'role', 'displayName'],
        ['identifier', 'tags', 'pid', 'soul', 'aieos_identity', 'systemPrompt', 'tools', 'config', 'manifest'],
        ['status', 'workspacePath', 'lifecycle', 'revision', 'createdAt', 'updatedAt'],
      ].flat(),
    );
    expect(body.lifecycle).toEqual({
      desired: { state: 'enabled', replicas: 1, generation: 0 },
      observedGeneration: 0,
      state: 'enabled',
      containerId: null,
      containerName: null,
      startedAt: null,
      error: null,
      replicas: [],
    });
    expect(await read(agents)).toEqual({ items: [body], nextCursor: null });
    // Its state may have changed: the tag is of the edits alone.
    expect((await app.call(agent, { headers: { 'if-none-match': '"1"' } })).status).toBe(200);
  });

  it('take edits of soul, identity, name and tags, each given field replacing', async () => {
    const edited = await patch({
      soul: 'I have my own mind.',
      aieos_identity: { identity: { names: { first: 'Ines' } } },
      displayName: 'Ines',
      tags: ['night'],
    });
    expect(edited.status).toBe(200);
    expect(edited.headers.get('etag')).toBe('"2"');
    expect(edited.body).toMatchObject({
      soul: 'I have my own mind.',
      aieos_identity: { identity: { names: { first: 'Ines' } } },
      displayName: 'Ines',
      tags: ['night'],
      revision: 2,
    });
    expect(edited.body.aieos_identity).not.toHaveProperty('standard');
    expect(await read()).toEqual(edited.body);
    expect((await patch({ aieos_identity: null })).body).toMatchObject({
      aieos_identity: null,
      soul: edited.body.soul,
    });
  });

  it('merge an identity sent as a merge patch', async () => {
    const { body } = await patch(
      { aieos_identity: { psychology: null, identity: { names: { last: 'Lovelace' } } } },
      MERGE,
    );
    expect(body.aieos_identity).toEqual({
      standard: { protocol: 'AIEOS', version: '1.2.1' },
      identity: { names: { first: 'developer', last: 'Lovelace' } },
    });
  });

  it('make no revision of an edit that changes nothing', async () => {
    const before = await read();
    const same = await patch({ soul: before.soul, tags: before.tags });
    expect(same.status).toBe(200);
    expect(same.body).toEqual(before);
  });

  it('refuse a stale If-Match, and keep what is there', async () => {
    await patch({ soul: 'second' }, { 'if-match': '"1"' });
    const stale = await patch({ soul: 'third' }, { 'if-match': '"1"' });
    expect(stale.status).toBe(412);
    expect(stale.body).toMatchObject({ code: 'PRECONDITION_FAILED' });
    expect(await read()).toMatchObject({ soul: 'second', revision: 2 });
  });

  it('refuse what cannot be edited, and what is too long, with every fault', async () => {
    const { status, body } = await patch({
      soul: 'x'.repeat(SOUL_MAX_BYTES + 1),
      aieos_identity: ['a', 'list'],
      displayName: '',
      tags: 'night',
      systemPrompt: 'Be somebody else.',
      status: 'busy',
    });
    expect(status).toBe(422);
    expect([...new Set((body.errors as { pointer: string }[]).map(({ pointer }) => pointer))].sort()).toEqual([
      '/aieos_identity',
      '/displayName',
      '/soul',
      '/status',
      '/systemPrompt',
      '/tags',
    ]);
    expect((await patch({ soul: null }, MERGE)).status).toBe(422);
    expect(await read()).toMatchObject({ revision: 1 });
  });

  it('keep their history: who, when, what; and go back to any of it', async () => {
    const first = await read();
    await patch({ soul: 'second' });
    await patch({ tags: [] });
    const { body: list } = await app.call(`${agent}/revisions`);
    expect(list).toMatchObject({
      nextCursor: null,
      items: [
        { revision: 3, changedFields: ['tags'] },
        { revision: 2, changedFields: ['soul'] },
        { revision: 1, changedFields: ['soul', 'aieos_identity', 'displayName', 'tags'] },
      ],
    });
    for (const revision of list.items) {
      expect(revision.changedBy).toEqual({ type: 'api-key', id: expect.stringMatching(/^[0-9a-f]{24}$/) });
      expect(Date.parse(String(revision.changedAt))).not.toBeNaN();
    }
    const page = (await app.call(`${agent}/revisions?limit=2`)).body;
    expect((await app.call(`${agent}/revisions?limit=2&cursor=${page.nextCursor}`)).body).toEqual({
      items: [list.items[2]],
      nextCursor: null,
    });
    expect((await app.call(`${agent}/revisions/1`)).body).toEqual({
      ...list.items[2],
      soul: first.soul,
      aieos_identity: first.aieos_identity,
      displayName: first.displayName,
      tags: first.tags,
    });
    const restored = await app.call(`${agent}/revisions/1/restore`, { method: 'POST' });
    expect(restored.status).toBe(200);
    expect(restored.headers.get('etag')).toBe('"4"');
    expect(restored.body).toMatchObject({ revision: 4, soul: first.soul, tags: first.tags });
    const stale = await app.call(`${agent}/revisions/2/restore`, { method: 'POST', headers: { 'if-match': '"3"' } });
    expect(stale.status).toBe(412);
    for (const unknown of ['5', '99']) expect((await app.call(`${agent}/revisions/${unknown}`)).status).toBe(404);
    for (const nonsense of ['0', 'x', '1.5'])
      expect((await app.call(`${agent}/revisions/${nonsense}`)).status).toBe(422);
    expect((await app.call(`${agent}/revisions?cursor=nonsense`)).status).toBe(422);
  });

  it('are removed with their seat', async () => {
    const removed = await app.call(agent, { method: 'DELETE' });
    expect([202, 204]).toContain(removed.status);
    await eventually(async () => {
      expect((await app.call(agent)).status).toBe(404);
    });
    expect((await read(agents)).items).toEqual([]);
    expect((await read(agents.replace('/agents', ''))).roleAssignments).toEqual([]);
    expect((await app.call(agent, { method: 'DELETE' })).status).toBe(404);
    expect((await patch({ soul: 'still here' })).status).toBe(404);
  });

  it('wait to be created where their seat is taken already', async () => {
    const { instanceId } = (await read(agents.replace('/agents', ''))).roleAssignments[0];
    const { db } = app.database;
    const _id = new ObjectId(instanceId as string);
    await eventually(async () => {
      expect(await db.collection('projects').countDocuments({ pendingSnapshots: _id })).toBe(0);
    });
    // as it is after a kill between the project's write and the agents'
    await db.collection('agent_instances').deleteOne({ _id });
    await db
      .collection('projects')
      .updateOne({ 'roleAssignments.instanceId': _id }, { $set: { pendingSnapshots: [_id] } });
    const pending = await app.call(agent);
    if (pending.status !== 200) expect([pending.status, pending.body.code]).toEqual([503, 'SNAPSHOTS_PENDING']);
    await eventually(async () => {
      expect((await app.call(agent)).status).toBe(200);
    });
  });

  it('answer 404 for another project, and for what is not there', async () => {
    const { body: other } = await app.call('/projects', { method: 'POST', body: { name: `Other ${names}` } });
    const elsewhere = agent.replace(/projects\/[0-9a-f]+/, `projects/${other.id}`);
    for (const path of [
      elsewhere,
      `${elsewhere}/revisions`,
      `${agents}/${UNKNOWN}`,
      `${agents}/${UNKNOWN}/revisions`,
    ]) {
      expect([path, (await app.call(path)).status]).toEqual([path, 404]);
    }
    for (const path of [elsewhere, `${agents}/${UNKNOWN}`]) {
      expect((await app.call(path, { method: 'PATCH', body: { soul: 'x' } })).status).toBe(404);
      expect((await app.call(path, { method: 'DELETE' })).status).toBe(404);
    }
    expect((await app.call(`${agents}/nonsense`)).status).toBe(422);
    expect(await read()).toMatchObject({ revision: 1 });
  });
});
