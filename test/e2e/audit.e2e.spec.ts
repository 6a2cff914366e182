import { createHash, createPublicKey, verify } from 'node:crypto';
import canonicalize from 'canonicalize';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Signer } from '../../src/domain/events/signer.js';
import { TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';

interface Page {
  readonly items: readonly (Record<'seq' | 'hash' | 'prevHash' | 'signature' | 'keyId' | 'type', string> & {
    readonly data: { readonly version?: number };
  })[];
  readonly nextCursor: string | null;
}

describe('GET /audit/events', () => {
  let app: TestApp;
  let auditor: string;
  let templateId: string;

  beforeAll(async () => {
    app = await TestApp.start();
    const issued = await app.call('/api-keys', { method: 'POST', body: { name: 'auditor', role: 'auditor' } });
    auditor = issued.body.key;
    const template = await app.call('/templates', { method: 'POST', body: { name: 'ada', role: 'developer' } });
    templateId = template.body.id;
    for (const soul of ['One.', 'Two.', 'Three.'])
      await app.call(`/templates/${templateId}`, { method: 'PATCH', body: { soul } });
    // What was made first: the tenant, two keys, the template and its three versions.
    await eventually(async () => {
      expect((await app.call('/audit/events')).body.items).toHaveLength(7);
    });
  });

  afterAll(async () => {
    await app.stop();
  });

  const list = async (query = ''): Promise<Page> => {
    const { status, body } = await app.call(`/audit/events${query}`, { key: auditor });
    expect(status).toBe(200);
    return body as Page;
  };
  const seqs = ({ items }: Pick<Page, 'items'>): unknown[] => items.map(({ seq }) => seq);

  it('gives whole entries, oldest first, whose hashes and signatures can be checked from the answer alone', async () => {
    const { items } = await list();
    expect(seqs({ items })).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const signer = app.app.get(Signer, { strict: false });
    const publicKey = createPublicKey(signer.publicKey);
    let before = '0'.repeat(64);
    for (const { hash, signature, keyId, ...hashed } of items) {
      expect(hashed.prevHash).toBe(before);
      expect(createHash('sha256').update(canonicalize(hashed)!).digest('hex')).toBe(hash);
      expect(keyId).toBe(signer.keyId);
      const signed = verify(null, Buffer.from(hash, 'hex'), publicKey, Buffer.from(signature, 'base64url'));
      expect(signed).toBe(true);
      before = hash;
    }
  });

  it('goes on from page to page, and from where it ended', async () => {
    const first = await list('?limit=3');
    expect([seqs(first), first.nextCursor]).toEqual([[1, 2, 3], '3']);
    const second = await list('?limit=4&after=3');
    expect([seqs(second), second.nextCursor]).toEqual([[4, 5, 6, 7], null]);
    expect(await list('?after=7')).toEqual({ items: [], nextCursor: null });
  });

  it('leaves out what is of another type, or about something else', async () => {
    const versions = await list('?type=template.version-created');
    expect(versions.items.map(({ data }) => data.version)).toEqual([2, 3, 4]);
    const some = await list('?type=template.created,tenant.created&limit=1');
    expect([some.items[0]?.type, some.nextCursor]).toEqual(['tenant.created', '1']);
    expect((await list('?type=template.created,tenant.created&after=1')).items[0]?.type).toBe('template.created');
    const about = await list(`?subject=${templateId}&type=template.created`);
    expect(about.items).toMatchObject([{ type: 'template.created', subject: { type: 'template', id: templateId } }]);
    expect((await list(`?subject=${'0'.repeat(24)}`)).items).toEqual([]);
  });

  it('is for who may read the log', async () => {
    const { body } = await app.call('/api-keys', { method: 'POST', body: { name: 'viewer', role: 'viewer' } });
    const refused = await app.call('/audit/events', { key: body.key });
    expect(refused).toMatchObject({ status: 403, body: { code: 'FORBIDDEN', details: { permission: 'audit:read' } } });
  });

  it('says every fault of a query', async () => {
    const { status, body } = await app.call('/audit/events?after=-1&type=nonsense&subject=you&limit=0&before=3', {
      key: auditor,
    });
    expect([status, body.code]).toEqual([422, 'VALIDATION_FAILED']);
    const faults = body.errors as { pointer: string }[];
    expect(faults.map(({ pointer }) => pointer).sort()).toEqual(['after', 'before', 'limit', 'subject', 'type']);
  });

  it.each(['?after=1e3', '?after=1&after=2', '?after=9999999999999999', '?type=', '?subject[$ne]=1', '?type[$ne]=a'])(
    'refuses %s',
    async (query) => {
      expect((await app.call(`/audit/events${query}`, { key: auditor })).status).toBe(422);
    },
  );
});
