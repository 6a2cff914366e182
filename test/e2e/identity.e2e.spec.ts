import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADMIN_KEY, TestApp, type Answer } from '../support/app.js';
import { eventually } from '../support/eventually.js';

const KEY = /^muster_[0-9a-f]{24}_[0-9a-f]{24}_[A-Za-z0-9_-]{43}$/;

describe('identity', () => {
  let app: TestApp;

  const issue = async (role: string, more: object = {}, key = ADMIN_KEY): Promise<Answer> =>
    app.call('/api-keys', { method: 'POST', body: { name: `a ${role}`, role, ...more }, key });
  const keyOf = async (role: string): Promise<string> => (await issue(role)).body.key;
  const newTenant = async (name: string): Promise<{ id: string; key: string; keyId: string }> => {
    const { status, body } = await app.call('/tenants', { method: 'POST', body: { name } });
    expect(status).toBe(201);
    return { id: body.id, key: body.adminKey.key, keyId: body.adminKey.id };
  };

  beforeAll(async () => {
    app = await TestApp.start();
  });

  afterAll(async () => {
    await app.stop();
  });

  describe('API keys', () => {
    it('are shown once, and stored as a hash only', async () => {
      const { status, body } = await issue('operator');
      expect(status).toBe(201);
      expect(body).toMatchObject({ name: 'a operator', role: 'operator', expiresAt: null, revokedAt: null });
      expect(body.key).toMatch(KEY);

      const shown = await app.call(`/api-keys/${body.id}`);
      expect(shown.body).toEqual({ ...body, key: undefined });
      const stored = await app.database.db.collection('api_keys').find().toArray();
      expect(JSON.stringify(stored)).not.toContain((body.key as string).slice(-43));
      expect(JSON.stringify(stored)).not.toContain(ADMIN_KEY);
    });

    it('work at once, and know who they are', async () => {
      const { body } = await issue('viewer');
      const me = await app.call('/api-keys/me', { key: body.key });
      expect(me).toMatchObject({ status: 200, body: { id: body.id, role: 'viewer' } });
    });

    it('stop working at once when they are revoked, however often that is asked', async () => {
      const { body } = await issue('viewer');
      expect((await app.call('/api-keys/me', { key: body.key })).status).toBe(200);
      for (let time = 1; time <= 2; time += 1) {
        expect((await app.call(`/api-keys/${body.id}`, { method: 'DELETE' })).status).toBe(204);
        const refused = await app.call('/api-keys/me', { key: body.key });
        expect(refused).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
        expect(refused.body.detail).toContain('revoked');
      }
      expect((await app.call(`/api-keys/${body.id}`)).body.revokedAt).toEqual(expect.any(String));
    });

    it('stop working when they expire', async () => {
      const { body } = await issue('viewer', { expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
      expect((await app.call('/api-keys/me', { key: body.key })).status).toBe(200);
      const { body: other } = await issue('viewer', { expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
      await app.database.db
        .collection<{ name: string }>('api_keys')
        .updateMany({ name: 'a viewer', expiresAt: { $ne: null } }, { $set: { expiresAt: new Date(Date.now() - 1) } });
      const refused = await app.call('/api-keys/me', { key: other.key });
      expect(refused.status).toBe(401);
      expect(refused.body.detail).toContain('expired');
    });

    it('are listed page by page, each once, without their text', async () => {
      const tenant = await newTenant('listing');
      for (const role of ['viewer', 'author']) await issue(role, {}, tenant.key);
      const first = await app.call('/api-keys?limit=2', { key: tenant.key });
      const second = await app.call(`/api-keys?limit=2&cursor=${first.body.nextCursor}`, { key: tenant.key });
      expect(second.body.nextCursor).toBeNull();
      const listed = [first, second].flatMap(({ body }) => body.items as { id: string; role: string }[]);
      expect(listed.map(({ role }) => role).sort()).toEqual(['admin', 'author', 'viewer']);
      // Ids begin with their second: that far the newest come first.
      const seconds = listed.map(({ id }) => id.slice(0, 8));
      expect(seconds).toEqual([...seconds].sort().reverse());
      expect(JSON.stringify(listed)).not.toMatch(/keyHash|muster_/);
    });

    it('are refused with every fault at once', async () => {
      const refused = await app.call('/api-keys', {
        method: 'POST',
        body: { name: '', role: 'emperor', expiresAt: '2001-01-01T00:00:00Z', more: 1 },
      });
      expect(refused).toMatchObject({
        status: 422,
        body: { code: 'VALIDATION_FAILED', type: '/problems/VALIDATION_FAILED' },
      });
      expect((refused.body.errors as { pointer: string }[]).map(({ pointer }) => pointer).sort()).toEqual([
        '/expiresAt',
        '/more',
        '/name',
        '/role',
      ]);
    });

    it('leave events of their making and revoking in the log', async () => {
      const { body } = await issue('auditor');
      await app.call(`/api-keys/${body.id}`, { method: 'DELETE' });
      await eventually(async () => {
        const logged = await app.database.db
          .collection('event_log')
          .find({ 'subject.id': body.id })
          .sort({ seq: 1 })
          .toArray();
        expect(logged.map(({ type }) => type as string)).toEqual(['api-key.created', 'api-key.revoked']);
      });
    });
  });

  describe('the last admin key', () => {
    it('cannot be revoked', async () => {
      const tenant = await newTenant('one-admin');
      const refused = await app.call(`/api-keys/${tenant.keyId}`, { method: 'DELETE', key: tenant.key });
      expect(refused).toMatchObject({ status: 409, body: { code: 'LAST_ADMIN_KEY', details: { id: tenant.keyId } } });
      expect((await app.call('/api-keys/me', { key: tenant.key })).status).toBe(200);
    });

    it('is not replaced by one that expires', async () => {
      const tenant = await newTenant('expiring-admin');
      await issue('admin', { expiresAt: new Date(Date.now() + 60_000).toISOString() }, tenant.key);
      expect((await app.call(`/api-keys/${tenant.keyId}`, { method: 'DELETE', key: tenant.key })).status).toBe(409);
    });

    it('stays when all are revoked at once', async () => {
      const tenant = await newTenant('many-admins');
      const others = await Promise.all([1, 2, 3].map(async () => issue('admin', {}, tenant.key)));
      const ids = [tenant.keyId, ...others.map(({ body }) => body.id as string)];
      const answers = await Promise.all(
        ids.map(async (id) => app.call(`/api-keys/${id}`, { method: 'DELETE', key: tenant.key })),
      );
      // The key that asks may go down with the others; what counts is that one admin is left.
      expect(answers.filter(({ status }) => status === 204).length).toBeLessThan(ids.length);
      const left = await app.database.db.collection('api_keys').countDocuments({
        _id: { $in: (await app.database.db.collection('tenants').findOne({ name: 'many-admins' }))?.['adminKeyIds'] },
        revokedAt: null,
      });
      expect(left).toBeGreaterThanOrEqual(1);
    });
  });

  describe('who may not', () => {
    it.each([
      ['no key', null],
      ['a key of no form', 'nonsense'],
      ['a made-up key', `muster_${'a'.repeat(24)}_${'b'.repeat(24)}_${'c'.repeat(43)}`],
    ])('is told so with %s', async (_, key) => {
      const refused = await app.call('/api-keys/me', { key });
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="muster"');
      expect(refused.headers.get('content-type')).toContain('application/problem+json');
      expect(refused.body).toMatchObject({
        code: 'UNAUTHENTICATED',
        instance: '/api/v1/api-keys/me',
        traceId: refused.headers.get('x-request-id'),
      });
    });

    it('is told so with a real key and another secret', async () => {
      const key = (await keyOf('viewer')).replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
      const refused = await app.call('/api-keys/me', { key });
      expect(refused.status).toBe(401);
      expect(refused.body.detail).toContain('not known');
    });

    it('is told which permission is missing', async () => {
      for (const role of ['viewer', 'operator', 'author', 'auditor']) {
        const refused = await app.call('/api-keys', { key: await keyOf(role) });
        expect(refused).toMatchObject({
          status: 403,
          body: { code: 'FORBIDDEN', details: { permission: 'api-keys:manage', role } },
        });
      }
    });

    it('is refused before the body is read', async () => {
      const refused = await app.call('/api-keys', { method: 'POST', body: '{broken', key: await keyOf('viewer') });
      expect(refused.status).toBe(403);
    });
  });

  describe('tenants', () => {
    it('are made by admins of tenant default, each with its first admin key', async () => {
      const tenant = await newTenant('research');
      const me = await app.call('/api-keys/me', { key: tenant.key });
      expect(me.body).toMatchObject({ id: tenant.keyId, role: 'admin' });
    });

    it('are not made by admins of other tenants', async () => {
      const tenant = await newTenant('ambitious');
      const refused = await app.call('/tenants', { method: 'POST', body: { name: 'mine' }, key: tenant.key });
      expect(refused).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    });

    it('have names of their own', async () => {
      await newTenant('taken');
      expect(await app.call('/tenants', { method: 'POST', body: { name: 'taken' } })).toMatchObject({
        status: 409,
        body: { code: 'NAME_TAKEN' },
      });
      expect((await app.call('/tenants', { method: 'POST', body: { name: 'default' } })).status).toBe(409);
      expect((await app.call('/tenants', { method: 'POST', body: { name: 'Not A Slug' } })).status).toBe(422);
    });

    it('do not see, change or count the keys of each other', async () => {
      const one = await newTenant('one');
      const other = await newTenant('other');
      for (const method of ['GET', 'DELETE'] as const) {
        expect(await app.call(`/api-keys/${one.keyId}`, { method, key: other.key })).toMatchObject({
          status: 404,
          body: { code: 'NOT_FOUND' },
        });
      }
      const listed = await app.call('/api-keys', { key: other.key });
      expect((listed.body.items as { id: string }[]).map(({ id }) => id)).toEqual([other.keyId]);
    });
  });

  it('lets everybody in without a key when told so, and only as admin of tenant default', async () => {
    const open = await TestApp.start({ MUSTER_DEV_NO_AUTH: '1' });
    try {
      expect(await open.call('/api-keys/me', { key: null })).toMatchObject({ status: 200, body: { role: 'admin' } });
      expect((await open.call('/api-keys/me', { key: 'a-wrong-key-is-still-refused' })).status).toBe(401);
      const fromAPage = { origin: 'http://evil.example' };
      expect((await open.call('/api-keys/me', { key: null, headers: fromAPage })).status).toBe(401);
    } finally {
      await open.stop();
    }
  });
});
