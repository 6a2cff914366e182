import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import type { Fault } from '../../src/domain/errors/domain-error.js';
import type { VersionListDto } from '../../src/modules/templates/dto/version-list.dto.js';
import { digestOf } from '../../src/platform/crypto/digest.js';
import { TestApp, type Answer, type Request } from '../support/app.js';
import { eventually } from '../support/eventually.js';

const MERGE = { 'content-type': 'application/merge-patch+json' };
const UNKNOWN_ID = 'f'.repeat(24);

describe('templates', () => {
  let app: TestApp;
  let names = 0;

  const call = async (path: string, request?: Request): Promise<Answer> => app.call(path, request);
  const send = async (method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown, headers = {}) =>
    call(path, { method, headers, ...(body === undefined ? {} : { body }) });
  const create = async (body: object = {}): Promise<any> => {
    const answer = await send('POST', '/templates', { name: `t-${++names}`, ...body });
    expect(answer.status).toBe(201);
    return answer.body;
  };
  const versions = async (path: string): Promise<VersionListDto> => (await call(path)).body as VersionListDto;
  const faults = (answer: Answer): Record<string, string> => {
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    return Object.fromEntries((answer.body.errors as Fault[]).map(({ pointer, detail }) => [pointer, detail]));
  };

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(async () => {
    await app.stop();
  });

  describe('POST /templates', () => {
    it('fills in what is left out', async () => {
      const answer = await send('POST', '/templates', { name: 'plain' });
      expect(answer.status).toBe(201);
      expect(answer.headers.get('etag')).toBe('"1"');
      expect(answer.body).toEqual({
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        name: 'plain',
        displayName: 'plain',
        description: '',
        role: '',
        tags: [],
        labels: [],
        soul: '',
        aieos_identity: null,
        systemPrompt: '',
        tools: [],
        config: { model: '', provider: '', skills: '', canWriteCode: false, mcpServers: [] },
        manifest: {},
        extensions: {},
        version: 1,
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        createdAt: expect.any(String),
        updatedAt: answer.body.createdAt,
        archivedAt: null,
      });
    });

    it('digests name and content in canonical JSON', async () => {
      const { id, version, digest, createdAt, updatedAt, archivedAt, ...rest } = await create({
        soul: 'é',
        tags: ['b'],
      });
      expect([id, version, createdAt, updatedAt, archivedAt]).toHaveLength(5);
      expect(digest).toBe(digestOf(rest));
    });

    it.each(readdirSync('test/fixtures/aieos').filter((file) => file.endsWith('.json')))(
      'keeps the AIEOS document %s as given, member order included',
      async (file) => {
        const identity = JSON.parse(readFileSync(`test/fixtures/aieos/${file}`, 'utf8'));
        const { id } = await create({ aieos_identity: identity });
        const { body } = await call(`/templates/${id}`);
        expect(JSON.stringify(body.aieos_identity)).toBe(JSON.stringify(identity));
      },
    );

    it('keeps documents that a database would take for its own', async () => {
      const identity = {
        $ref: 'templates',
        $id: '1',
        $db: 'x',
        'a.b': { $set: { x: 1 }, '': null, ' ': {}, $oid: 'z' },
        _bsontype: 'ObjectId',
        constructor: { name: 'x' },
        toJSON: 1,
        then: [[], {}, '\u0000', 1e21, -1.5e-9, 2 ** 53, 0.1],
      };
      const tools: object[] = [{ $where: { _bsontype: 'Code', code: 'x' } }, { constructor: null }];
      const { id } = await create({ aieos_identity: identity, tools });
      const { body } = await call(`/templates/${id}`);
      expect(JSON.stringify(body.aieos_identity)).toBe(JSON.stringify(identity));
      expect(JSON.stringify(body.tools)).toBe(JSON.stringify(tools));
    });

    it('refuses a name that is taken', async () => {
      const { name } = await create();
      const answer = await send('POST', '/templates', { name });
      expect(answer.status).toBe(409);
      expect(answer.body).toMatchObject({ code: 'NAME_TAKEN', status: 409 });
      expect(answer.body.detail).toContain(name);
    });

    it('tells every fault at once', async () => {
      const answer = await send('POST', '/templates', {
        name: 'Not A Slug',
        displayName: '',
        role: 'Röle',
        tags: 'x',
        labels: ['ok', ''],
        soul: 5,
        aieos_identity: [],
        systemPrompt: 'x'.repeat(256 * 1024 + 1),
        tools: [{ a: 1, b: 2 }],
        config: { provider: 'a:b', canWriteCode: 'yes', mcpServers: [{ name: '', url: 'ftp://x' }], extra: 1 },
        manifest: { resources: { cpus: 0 }, isolation: 'vm' },
        extensions: { metadata: { name: 'other' } },
        version: 7,
      });
      expect(answer.body.code).toBe('VALIDATION_FAILED');
      expect(Object.keys(faults(answer)).sort()).toEqual([
        '/aieos_identity',
        '/config/canWriteCode',
        '/config/extra',
        '/config/mcpServers/0/name',
        '/config/mcpServers/0/url',
        '/config/provider',
        '/displayName',
        '/extensions',
        '/labels',
        '/manifest/isolation',
        '/manifest/resources/cpus',
        '/name',
        '/role',
        '/soul',
        '/systemPrompt',
        '/tags',
        '/tools',
        '/version',
      ]);
      expect(faults(answer)['/extensions']).toContain('metadata.name');
    });

    it('refuses nesting that no document needs, and lives on', async () => {
      const deep = `{"name":"deep","aieos_identity":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`;
      const answer = await send('POST', '/templates', deep);
      expect(Object.values(faults(answer))[0]).toContain('nested deeper');
    });

    it.each(['__proto__', 'constructor', 'toString'])('refuses a member named %s', async (name) => {
      const answer = await send('POST', '/templates', `{"name": "proto", "${name}": {"prototype": 1}}`);
      expect([400, 422]).toContain(answer.status);
      expect(answer.body.status).toBe(answer.status);
    });

    it.each([['[]'], ['"text"'], ['null'], ['{"name": "half\\ud800"}']])('refuses %s', async (body) => {
      faults(await send('POST', '/templates', body));
    });

    it('refuses half characters and U+0000 in texts', async () => {
      expect(faults(await send('POST', '/templates', '{"name":"x","soul":"a\\u0000b"}'))['/soul']).toContain('U+0000');
      expect(faults(await send('POST', '/templates', '{"name":"x","soul":"a\\ud800b"}'))['/soul']).toContain(
        'surrogate',
      );
    });
  });

  describe('GET /templates/:id', () => {
    it('answers 404 for an unknown one and 422 for what is no id', async () => {
      expect((await call(`/templates/${UNKNOWN_ID}`)).body).toMatchObject({ code: 'NOT_FOUND', status: 404 });
      expect(Object.keys(faults(await call('/templates/nope')))).toEqual(['id']);
    });
  });

  describe('PUT /templates/:id', () => {
    it('makes a version of what it says and the defaults for the rest', async () => {
      const made = await create({ soul: 'old', tags: ['a'] });
      const answer = await send('PUT', `/templates/${made.id}`, { description: 'new' });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('etag')).toBe('"2"');
      expect(answer.body).toMatchObject({ version: 2, description: 'new', soul: '', tags: [], name: made.name });
      expect(answer.body.digest).not.toBe(made.digest);
      expect((await call(`/templates/${made.id}`)).body).toEqual(answer.body);
    });

    it('makes no version when nothing changes', async () => {
      const made = await create({ soul: 'same', aieos_identity: { b: 1, a: { d: 1, c: 2 } } });
      const answer = await send('PUT', `/templates/${made.id}`, {
        name: made.name,
        aieos_identity: { a: { c: 2, d: 1 }, b: 1 },
        soul: 'same',
      });
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual(made);
    });

    it('never changes a name', async () => {
      const { id } = await create();
      expect(faults(await send('PUT', `/templates/${id}`, { name: 'other' }))['/name']).toContain('never changes');
    });

    it('refuses a stale If-Match with 412 and takes the present one', async () => {
      const { id } = await create();
      await send('PUT', `/templates/${id}`, { soul: 'two' });
      const stale = await send('PUT', `/templates/${id}`, { soul: 'three' }, { 'if-match': '"1"' });
      expect(stale.status).toBe(412);
      expect(stale.body.code).toBe('PRECONDITION_FAILED');
      const fresh = await send('PUT', `/templates/${id}`, { soul: 'three' }, { 'if-match': '"2"' });
      expect(fresh.body).toMatchObject({ version: 3, soul: 'three' });
    });

    it('lets one of many writers at once win; the others are told, and no version is lost', async () => {
      const { id } = await create();
      const answers = await Promise.all(
        Array.from({ length: 8 }, async (_, n) => send('PUT', `/templates/${id}`, { soul: `writer ${n}` })),
      );
      const won = answers.filter(({ status }) => status === 200).map(({ body }) => body.version);
      expect(new Set(won).size).toBe(won.length);
      for (const { status, body } of answers)
        if (status !== 200) expect([status, body.code]).toEqual([409, 'CONCURRENT_UPDATE']);
      const { items } = await versions(`/templates/${id}/versions`);
      expect(items.map(({ version }) => version)).toEqual(
        Array.from({ length: won.length + 1 }, (_, n) => won.length + 1 - n),
      );
    });

    it('lets one of many writers with the same If-Match win', async () => {
      const { id } = await create();
      const answers = await Promise.all(
        Array.from({ length: 6 }, async (_, n) =>
          send('PUT', `/templates/${id}`, { soul: `${n}` }, { 'if-match': '"1"' }),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412]);
    });
  });

  describe('PATCH /templates/:id', () => {
    it('replaces the given fields as application/json', async () => {
      const { id } = await create({ soul: 'keep', config: { provider: 'echo', model: 'a', skills: 'x' } });
      const { body } = await send('PATCH', `/templates/${id}`, { config: { model: 'b' } });
      expect(body).toMatchObject({
        version: 2,
        soul: 'keep',
        config: { provider: '', model: 'b', skills: '', canWriteCode: false, mcpServers: [] },
      });
    });

    it('merges as application/merge-patch+json, null taking a field back to its default', async () => {
      const { id } = await create({
        soul: 'gone',
        config: { provider: 'echo', model: 'a', skills: 'x' },
        aieos_identity: { names: { first: 'Ines', last: 'Roth' }, keep: [1] },
      });
      const patch = { soul: null, config: { model: 'b' }, aieos_identity: { names: { last: null, nick: 'I' } } };
      const { status, body } = await send('PATCH', `/templates/${id}`, patch, MERGE);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        version: 2,
        soul: '',
        config: { provider: 'echo', model: 'b', skills: 'x' },
      });
      expect(body.aieos_identity).toEqual({ names: { first: 'Ines', nick: 'I' }, keep: [1] });
    });

    it('makes no version when nothing changes', async () => {
      const made = await create({ soul: 'same' });
      expect((await send('PATCH', `/templates/${made.id}`, { soul: 'same' })).body).toEqual(made);
      expect((await send('PATCH', `/templates/${made.id}`, {}, MERGE)).body).toEqual(made);
    });

    it('tells the faults of the result', async () => {
      const { id } = await create();
      expect(faults(await send('PATCH', `/templates/${id}`, { soul: null }))['/soul']).toBe('must be a text');
      expect(
        Object.keys(faults(await send('PATCH', `/templates/${id}`, { nope: 1, config: { model: 1 } }, MERGE))),
      ).toEqual(expect.arrayContaining(['/nope', '/config/model']));
      faults(await send('PATCH', `/templates/${id}`, '[]', MERGE));
    });

    it('loses no patch of many at once: each is made on what the others left, or told', async () => {
      const { id } = await create();
      const fields = ['soul', 'description', 'systemPrompt', 'displayName'];
      const answers = await Promise.all(
        fields.map(async (field) => send('PATCH', `/templates/${id}`, { [field]: 'new' })),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      expect((await call(`/templates/${id}`)).body).toMatchObject({
        version: 5,
        soul: 'new',
        description: 'new',
        systemPrompt: 'new',
        displayName: 'new',
      });
    });

    it('refuses a stale If-Match', async () => {
      const { id } = await create();
      expect((await send('PATCH', `/templates/${id}`, { soul: 'x' }, { 'if-match': '"9"' })).status).toBe(412);
    });
  });

  describe('GET /templates/:id/versions', () => {
    it('keeps every version as it was', async () => {
      const first = await create({ soul: 'one', aieos_identity: { a: 1 } });
      await send('PATCH', `/templates/${first.id}`, { soul: 'two' });
      await send('PATCH', `/templates/${first.id}`, { soul: 'three' });
      const souls = ['one', 'two', 'three'];
      for (const [index, soul] of souls.entries()) {
        const answer = await call(`/templates/${first.id}/versions/${index + 1}`);
        expect(answer.body).toMatchObject({ id: first.id, version: index + 1, soul, aieos_identity: { a: 1 } });
        expect(answer.body.createdBy).toEqual({ type: 'api-key', id: expect.any(String) });
        expect(answer.headers.get('cache-control')).toContain('immutable');
      }
      expect((await call(`/templates/${first.id}/versions/1`)).body.digest).toBe(first.digest);
    });

    it('lists them newest first, page by page', async () => {
      const { id } = await create();
      for (const soul of ['2', '3', '4', '5']) await send('PATCH', `/templates/${id}`, { soul });
      const seen: number[] = [];
      let cursor: string | null = null;
      do {
        const query: string = cursor === null ? '' : `&cursor=${cursor}`;
        const { items, nextCursor } = await versions(`/templates/${id}/versions?limit=2${query}`);
        expect(items.length).toBeLessThanOrEqual(2);
        seen.push(...items.map(({ version }) => version));
        cursor = nextCursor;
      } while (cursor !== null);
      expect(seen).toEqual([5, 4, 3, 2, 1]);
    });

    it('answers 404 for versions that are not there, and lets nobody keep that answer', async () => {
      const { id } = await create();
      const answer = await call(`/templates/${id}/versions/2`);
      expect(answer.body).toMatchObject({ code: 'NOT_FOUND', status: 404 });
      expect(answer.headers.get('cache-control') ?? '').not.toContain('immutable');
      expect((await call(`/templates/${UNKNOWN_ID}/versions`)).status).toBe(404);
      expect((await call(`/templates/${UNKNOWN_ID}/versions/1`)).status).toBe(404);
      faults(await call(`/templates/${id}/versions/0`));
      faults(await call(`/templates/${id}/versions?cursor=nope`));
    });
  });

  describe('DELETE /templates/:id', () => {
    it('archives: readable, unchangeable, its name free; once more does nothing', async () => {
      const { id, name } = await create({ soul: 'x' });
      expect((await send('DELETE', `/templates/${id}`)).status).toBe(204);
      expect((await send('DELETE', `/templates/${id}`)).status).toBe(204);
      expect((await call(`/templates/${id}`)).body).toMatchObject({ name, version: 1, archivedAt: expect.any(String) });
      expect((await call(`/templates/${id}/versions/1`)).status).toBe(200);
      const change = await send('PATCH', `/templates/${id}`, { soul: 'y' });
      expect([change.status, change.body.code]).toEqual([409, 'ARCHIVED']);
      expect((await send('POST', '/templates', { name })).status).toBe(201);
      expect((await send('DELETE', `/templates/${UNKNOWN_ID}`)).status).toBe(404);
    });

    it('logs one event for each change', async () => {
      const { id } = await create();
      await send('PATCH', `/templates/${id}`, { soul: 'x' });
      await send('PATCH', `/templates/${id}`, { soul: 'x' });
      await Promise.all([1, 2, 3].map(async () => send('DELETE', `/templates/${id}`)));
      await eventually(async () => {
        const logged = await app.database.db
          .collection('event_log')
          .find({ 'subject.id': id })
          .sort({ seq: 1 })
          .toArray();
        expect(logged.map(({ type }) => type as string)).toEqual([
          'template.created',
          'template.version-created',
          'template.archived',
        ]);
      });
    });
  });
});
