import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { digestOf } from '../../src/platform/crypto/digest.js';
import { TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { faultsOf, templateCalls, UNKNOWN_ID } from '../support/template-calls.js';

describe('templates', () => {
  let app: TestApp;
  const { call, send, create } = templateCalls(() => app);

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
      expect(Object.keys(faultsOf(answer)).sort()).toEqual([
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
      expect(faultsOf(answer)['/extensions']).toContain('metadata.name');
    });

    it('refuses nesting that no document needs, and lives on', async () => {
      const deep = `{"name":"deep","aieos_identity":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`;
      const answer = await send('POST', '/templates', deep);
      expect(Object.values(faultsOf(answer))[0]).toContain('nested deeper');
    });

    it.each(['__proto__', 'constructor', 'toString'])('refuses a member named %s', async (name) => {
      const answer = await send('POST', '/templates', `{"name": "proto", "${name}": {"prototype": 1}}`);
      expect([400, 422]).toContain(answer.status);
      expect(answer.body.status).toBe(answer.status);
    });

    it.each([['[]'], ['"text"'], ['null'], ['{"name": "half\\ud800"}']])('refuses %s', async (body) => {
      faultsOf(await send('POST', '/templates', body));
    });

    it('refuses half characters and U+0000 in texts', async () => {
      expect(faultsOf(await send('POST', '/templates', '{"name":"x","soul":"a\\u0000b"}'))['/soul']).toContain(
        'U+0000',
      );
      expect(faultsOf(await send('POST', '/templates', '{"name":"x","soul":"a\\ud800b"}'))['/soul']).toContain(
        'surrogate',
      );
    });
  });

  describe('GET /templates/:id', () => {
    it('answers 404 for an unknown one and 422 for what is no id', async () => {
      expect((await call(`/templates/${UNKNOWN_ID}`)).body).toMatchObject({ code: 'NOT_FOUND', status: 404 });
      expect(Object.keys(faultsOf(await call('/templates/nope')))).toEqual(['id']);
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
