import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RequestSeal } from '../../src/platform/http/idempotency/request-seal.js';
import { ADMIN_KEY, TestApp, type Answer } from '../support/app.js';

describe('Idempotency-Key', () => {
  let app: TestApp;
  let key: string;
  let serial = 0;

  const post = async (body: object, more: { headers?: Record<string, string>; key?: string } = {}): Promise<Answer> =>
    app.call('/api-keys', {
      method: 'POST',
      body,
      ...(more.key !== undefined && { key: more.key }),
      headers: { 'idempotency-key': key, ...more.headers },
    });
  const records = () => app.database.db.collection<{ _id: string; [field: string]: unknown }>('idempotency_keys');
  const keysNamed = async (name: string): Promise<number> =>
    app.database.db.collection('api_keys').countDocuments({ name });

  beforeAll(async () => {
    app = await TestApp.start();
  });

  afterAll(async () => {
    await app.stop();
  });

  beforeEach(() => {
    serial += 1;
    key = `request-${serial}`;
  });

  it('gives the first answer again, and does nothing twice', async () => {
    const first = await post({ name: key, role: 'viewer' });
    const again = await post({ role: 'viewer', name: key });
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect(await keysNamed(key)).toBe(1);
  });

  it('does nothing twice when the same request comes many times at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, async () => post({ name: key, role: 'viewer' })));
    expect(await keysNamed(key)).toBe(1);
    for (const { status, body } of answers) {
      if (status !== 201) expect([status, body.code]).toEqual([409, 'IDEMPOTENCY_IN_PROGRESS']);
    }
    expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThanOrEqual(1);
  });

  it('refuses another request under the same key', async () => {
    await post({ name: key, role: 'viewer' });
    const refused = await post({ name: key, role: 'admin' });
    expect(refused).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect(await keysNamed(key)).toBe(1);
  });

  it('belongs to one API key, method and path', async () => {
    await post({ name: key, role: 'viewer' });
    const { body } = await app.call('/api-keys', { method: 'POST', body: { name: 'second admin', role: 'admin' } });
    const others = await post({ name: `${key} other`, role: 'viewer' }, { key: body.key });
    expect(others.status).toBe(201);
    const tenant = await app.call('/tenants', {
      method: 'POST',
      body: { name: key },
      headers: { 'idempotency-key': key },
    });
    expect(tenant.status).toBe(201);
  });

  it('gives a refusal again too', async () => {
    const first = await post({ name: '', role: 'viewer' });
    const again = await post({ name: '', role: 'viewer' });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect([again.status, again.body]).toEqual([422, first.body]);
  });

  it('gives an answer without a body again', async () => {
    const { body } = await app.call('/api-keys', { method: 'POST', body: { name: key, role: 'viewer' } });
    const headers = { 'idempotency-key': key };
    for (const replayed of [null, 'true']) {
      const answer = await app.call(`/api-keys/${body.id}`, { method: 'DELETE', headers });
      expect([answer.status, answer.body, answer.headers.get('idempotency-replayed')]).toEqual([
        204,
        undefined,
        replayed,
      ]);
    }
  });

  it('keeps no secret that could be read without the API key that asked', async () => {
    const { body } = await post({ name: key, role: 'viewer' });
    const kept = JSON.stringify(await records().find().toArray());
    expect(kept).not.toContain(body.key);
    expect(kept).not.toContain(Buffer.from(body.key).toString('base64').slice(0, 40));
    expect(kept).not.toContain(ADMIN_KEY);
  });

  it.each([['with spaces inside'], ['x'.repeat(201)], ['ü']])('refuses %j as a key', async (wrong) => {
    const refused = await post({ name: 'x', role: 'viewer' }, { headers: { 'idempotency-key': wrong } });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: 'Idempotency-Key' }] } });
  });

  describe('when the first request was cut short by a crash', () => {
    /** The record as a process leaves it that dies while answering. */
    async function leaveBehind(): Promise<string> {
      const admin = await app.database.db.collection('api_keys').findOne({ name: 'first admin key' });
      const scope = [String(admin?.['tenantId']), String(admin?._id), '', 'POST', '/api/v1/api-keys', key];
      const seal = new RequestSeal(`Bearer ${ADMIN_KEY}`, scope);
      await records().insertOne({
        _id: seal.id,
        tenantId: admin?.['tenantId'],
        fingerprint: seal.fingerprint('application/json', '', { name: key, role: 'viewer' }),
        owner: 'a process that died',
        createdAt: new Date(),
        renewedAt: new Date(),
        answer: null,
      });
      return seal.id;
    }
    const age = async (id: string, ms: number): Promise<void> => {
      const then = new Date(Date.now() - ms);
      await records().updateOne({ _id: id }, { $set: { renewedAt: then, createdAt: then } });
    };

    it('says that it is running, while it may be', async () => {
      await leaveBehind();
      expect(await post({ name: key, role: 'viewer' })).toMatchObject({
        status: 409,
        body: { code: 'IDEMPOTENCY_IN_PROGRESS' },
      });
    });

    it('answers the same request once the lease ended', async () => {
      await age(await leaveBehind(), 2 * 60_000);
      expect((await post({ name: key, role: 'viewer' })).status).toBe(201);
      expect((await post({ name: key, role: 'viewer' })).headers.get('idempotency-replayed')).toBe('true');
    });

    it('still refuses another request under the key', async () => {
      await age(await leaveBehind(), 2 * 60_000);
      expect((await post({ name: key, role: 'author' })).status).toBe(422);
    });

    it('knows nothing of it after a day', async () => {
      await age(await leaveBehind(), 25 * 3_600_000);
      expect((await post({ name: key, role: 'author' })).status).toBe(201);
    });
  });
});
