import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BSON } from 'mongodb';
import { ADMIN_KEY, TestApp, type Answer, type Request } from '../support/app.js';
import { agentOf } from '../support/agent-team.js';
import { AGENT_BUNDLE } from '../support/engine.js';
import { eventually } from '../support/eventually.js';

const VALUE = 'correct-horse-battery-staple';

describe('secrets over the API', () => {
  let app: TestApp;
  let projectId: string;
  let names = 0;

  beforeAll(async () => {
    app = await TestApp.start({ AGENT_BUNDLE });
    projectId = (await app.call('/projects', { method: 'POST', body: { name: 'Shop' } })).body.id;
  });

  afterAll(async () => {
    await app.stop();
  });

  const secrets = (): string => `/projects/${projectId}/secrets`;
  const fresh = (): string => `secret-${++names}`;
  const put = async (path: string, body: unknown = { value: VALUE }, more: Request = {}): Promise<Answer> =>
    app.call(path, { method: 'PUT', body, ...more });
  const stored = async (): Promise<string> =>
    JSON.stringify(await app.database.db.collection('secrets').find().toArray());

  it('are set, told, set again and deleted, and never tell their value', async () => {
    const path = `${secrets()}/${fresh()}`;
    const created = await put(path);
    expect([created.status, created.headers.get('etag')]).toEqual([201, '"1"']);
    expect(Object.keys(created.body as object).sort()).toEqual([
      'createdAt', 'createdBy', 'id', 'name', 'projectId', 'updatedAt', 'updatedBy', 'version',
    ]); // prettier-ignore
    expect(created.body).toMatchObject({ version: 1, projectId, createdBy: { type: 'api-key' } });
    const changed = await put(path, { value: Buffer.from([0, 255]).toString('base64'), encoding: 'base64' });
    expect([changed.status, changed.headers.get('etag'), changed.body.id]).toEqual([200, '"2"', created.body.id]);
    const read = await app.call(path);
    expect([read.status, read.headers.get('etag'), read.body]).toEqual([200, '"2"', changed.body]);
    expect((await app.call(secrets())).body.items).toContainEqual(changed.body);
    expect((await app.call(path, { method: 'DELETE' })).status).toBe(204);
    for (const method of ['GET', 'DELETE'] as const) {
      expect(await app.call(path, { method })).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    }
    expect((await app.call(secrets())).body.items).toEqual([]);
    // Nothing is left that could be opened; and a version is never given twice.
    const left = await app.database.db.collection('secrets').findOne({ name: read.body.name });
    expect([left?.['sealed'], left?.['version']]).toEqual([null, 2]);
    expect(await put(path)).toMatchObject({ status: 201, body: { version: 3, id: created.body.id } });
    for (const answer of [created, changed, read]) expect(JSON.stringify(answer.body)).not.toContain(VALUE);
  });

  it('have names with slashes, and one in the project beside one in the tenant', async () => {
    const name = 'team/a.b_c-d';
    const path = `/secrets/${encodeURIComponent(name)}`;
    expect(await put(path)).toMatchObject({ status: 201, body: { name, projectId: null } });
    expect(await put(`/projects/${projectId}${path}`)).toMatchObject({ status: 201, body: { name, projectId } });
    await app.call(`/projects/${projectId}${path}`, { method: 'DELETE' });
    expect((await app.call(path)).body).toMatchObject({ name, projectId: null, version: 1 });
  });

  it.each([
    ['a', '/value', 'must not be empty', { value: '' }],
    ['a', '/value', 'must be a text', { value: 7 }],
    ['a', '/value', 'must be at most 65536 bytes long (UTF-8)', { value: 'é'.repeat(32_769) }],
    ['a', '/value', 'must be at most 65536 bytes long', { value: 'AAAA'.repeat(21_846), encoding: 'base64' }],
    ['a', '/value', 'must be base64 (RFC 4648, section 4), with padding and without line breaks', { value: 'AAA', encoding: 'base64' }],
    ['a', '/encoding', 'must be one of utf-8, base64', { value: 'a', encoding: 'latin1' }],
    ['a', '/digest', 'is not a known property', { value: 'a', digest: 'b' }],
    ['-a', 'name', expect.stringContaining('must be the name of a secret'), { value: 'a' }],
    ['a%2F', 'name', expect.stringContaining('must be the name of a secret'), { value: 'a' }],
  ])('of the name %s are refused with the fault at %s: %s', async (name, pointer, detail, body) => {
    const answer = await put(`${secrets()}/${name}`, body);
    expect([answer.status, answer.body.code]).toEqual([422, 'VALIDATION_FAILED']);
    expect(answer.body.errors).toContainEqual({ pointer, detail });
  }); // prettier-ignore

  it('take the longest value there is', async () => {
    const value = Buffer.alloc(65_536, 1).toString('base64');
    expect((await put(`${secrets()}/${fresh()}`, { value, encoding: 'base64' })).status).toBe(201);
  });

  it('are changed only where they are as If-Match says', async () => {
    const path = `${secrets()}/${fresh()}`;
    const ifMatch = (tag: string): Request => ({ headers: { 'if-match': tag } });
    expect(await put(path, { value: 'a' }, ifMatch('"1"'))).toMatchObject({ status: 412 });
    await put(path);
    expect((await put(path, { value: 'a' }, ifMatch('"1"'))).status).toBe(200);
    expect(await put(path, { value: 'a' }, ifMatch('"1"'))).toMatchObject({
      status: 412,
      body: { code: 'PRECONDITION_FAILED', details: { current: 'version 2' } },
    });
    expect((await app.call(path, { method: 'DELETE', ...ifMatch('"1"') })).status).toBe(412);
    expect((await app.call(path, { method: 'DELETE', ...ifMatch('"2"') })).status).toBe(204);
  });

  it('set by many at once have a version for each', async () => {
    const path = `${secrets()}/${fresh()}`;
    const answers = await Promise.all(Array.from({ length: 20 }, async (_, index) => put(path, { value: `${index}` })));
    expect(answers.map(({ body }) => body.version as number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  });

  it('are logged by id and version, for who may know of them', async () => {
    const name = fresh();
    const { body } = await put(`${secrets()}/${name}`);
    await app.call(`${secrets()}/${name}`, { method: 'DELETE' });
    const items = await eventually(async () => {
      const log = await app.call(`/audit/events?subject=${body.id as string}`);
      expect(log.body.items).toHaveLength(2);
      return log.body.items as { type: string; data: object }[];
    });
    expect(items.map(({ type, data }) => [type, data])).toEqual([
      ['secret.set', { secretId: body.id, projectId, version: 1 }],
      ['secret.deleted', { secretId: body.id, projectId, version: 1 }],
    ]);
    expect(JSON.stringify(items)).not.toContain(name);
  });

  it('lie in the database sealed, also where a request may be repeated', async () => {
    const path = `${secrets()}/${fresh()}`;
    const headers = { 'idempotency-key': 'once' };
    const [first, again] = [await put(path, undefined, { headers }), await put(path, undefined, { headers })];
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([first.status, 'true']);
    expect(await put(path, { value: 'other' }, { headers })).toMatchObject({
      body: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
    const everything: Uint8Array[] = [];
    for (const { name } of await app.database.db.listCollections().toArray()) {
      const documents = await app.database.db.collection(name).find().toArray();
      everything.push(...documents.map((document) => BSON.serialize(document)));
    }
    const bytes = Buffer.concat(everything);
    // It was looked where it is.
    expect(bytes.includes('secret.set')).toBe(true);
    const key = (await readFile(join(app.dataDir, 'keys/secrets.key'), 'utf8')).trim();
    for (const text of [VALUE, Buffer.from(VALUE).toString('hex'), key, Buffer.from(key, 'hex')]) {
      expect(bytes.includes(text)).toBe(false);
    }
    // Without the padding, which what follows would change.
    expect(bytes.includes(Buffer.from(VALUE).toString('base64').slice(0, -4))).toBe(false);
  });

  it.each([
    ['no JSON', `{"value": "${VALUE}`],
    ['another type', JSON.stringify({ value: [VALUE] })],
    ['an unknown encoding', JSON.stringify({ value: VALUE, encoding: VALUE })],
    ['no base64', JSON.stringify({ value: `${VALUE}!`, encoding: 'base64' })],
    ['a list', JSON.stringify([VALUE])],
    ['a text', JSON.stringify(VALUE)],
  ])('are not repeated in the refusal of %s', async (_what, body) => {
    const answer = await put(`${secrets()}/${fresh()}`, body);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(JSON.stringify(answer.body)).not.toContain(VALUE);
  });

  it('are set by admins; operators and authors see which there are, others nothing', async () => {
    const path = `${secrets()}/${fresh()}`;
    await put(path);
    for (const [role, sees] of Object.entries({ viewer: 403, auditor: 403, operator: 200, author: 200, admin: 200 })) {
      const { key } = (await app.call('/api-keys', { method: 'POST', body: { name: role, role } })).body;
      expect([role, (await app.call(path, { key })).status]).toEqual([role, sees]);
      const sets = (await put(path, { value: 'x' }, { key })).status;
      expect([role, sets]).toEqual([role, role === 'admin' ? 200 : 403]);
    }
  });

  it('of one tenant are nothing to another', async () => {
    const { body } = await app.call('/tenants', { method: 'POST', body: { name: 'elsewhere' } });
    const { key } = body.adminKey as { key: string };
    const name = fresh();
    await put(`/secrets/${name}`);
    expect((await app.call(`/secrets/${name}`, { key })).status).toBe(404);
    expect((await app.call('/secrets', { key })).body.items).toEqual([]);
    expect(await put(`/secrets/${name}`, undefined, { key })).toMatchObject({ status: 201, body: { version: 1 } });
    expect(await put(`${secrets()}/${name}`, undefined, { key })).toMatchObject({ status: 404 });
    expect((await app.call(`/secrets/${name}`, { key: ADMIN_KEY })).body.version).toBe(1);
  });

  it('of a project go with it, and none comes after', async () => {
    const { body } = await app.call('/projects', { method: 'POST', body: { name: 'Short' } });
    const path = `/projects/${body.id as string}/secrets/token`;
    await put(path);
    await app.call(`/projects/${body.id as string}`, { method: 'DELETE' });
    await eventually(async () => {
      const left = await app.database.db.collection('secrets').findOne({ name: 'token' });
      expect(left).toMatchObject({ sealed: null, version: 1 });
    });
    expect(await put(path)).toMatchObject({ status: 409, body: { code: 'ARCHIVED' } });
  });

  it('are more than processes can keep to themselves: an agent that needs one does not start there', async () => {
    const agent = await agentOf(app, { manifest: { env: [{ name: 'TOKEN', secret: 'token' }] } });
    const start = { method: 'POST', body: { action: 'start' }, headers: { prefer: 'wait=60' } } as const;
    const refused = await app.call(`${agent.path}/actions`, start);
    expect(refused).toMatchObject({ status: 501, body: { code: 'RUNTIME_UNSUPPORTED' } });
    const optional = await agentOf(app, { manifest: { env: [{ name: 'TOKEN', secret: 'token', required: false }] } });
    expect((await app.call(`${optional.path}/actions`, start)).body).toMatchObject({ state: 'running' });
    await app.call(`${optional.path}/actions`, { method: 'POST', body: { action: 'destroy' } });
  });

  it('are put under a new key at a start that has the old one, and open under it', async () => {
    const path = `${secrets()}/${fresh()}`;
    await put(path);
    const keyFile = join(app.dataDir, 'keys/secrets.key');
    const keyIds = async (): Promise<string[]> => [...new Set((await stored()).match(/(?<="keyId":")[0-9a-f]{16}/g))];
    const [old] = await keyIds();
    const next = await TestApp.start(
      {
        SECRETS_KEY_FILE: join(app.dataDir, 'keys/next.key'),
        SECRETS_OLD_KEY_FILES: JSON.stringify([keyFile]),
      },
      app.database,
    );
    try {
      await eventually(async () => {
        const now = await keyIds();
        expect([now.length, now[0] === old]).toEqual([1, false]);
      });
      expect((await next.call(path)).body.version).toBe(1);
    } finally {
      await next.stop();
    }
    // What lies under the new one is no trouble to a Muster with the old one, until an agent needs it.
    expect((await put(path)).body.version).toBe(2);
  });
});
