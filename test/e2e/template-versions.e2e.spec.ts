import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestApp } from '../support/app.js';
import { faultsOf, MERGE, templateCalls, UNKNOWN_ID } from '../support/template-calls.js';

describe('versions of templates', () => {
  let app: TestApp;
  const { call, send, create, versions } = templateCalls(() => app);

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(async () => {
    await app.stop();
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
      expect(faultsOf(await send('PUT', `/templates/${id}`, { name: 'other' }))['/name']).toContain('never changes');
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
      expect(faultsOf(await send('PATCH', `/templates/${id}`, { soul: null }))['/soul']).toBe('must be a text');
      expect(
        Object.keys(faultsOf(await send('PATCH', `/templates/${id}`, { nope: 1, config: { model: 1 } }, MERGE))),
      ).toEqual(expect.arrayContaining(['/nope', '/config/model']));
      faultsOf(await send('PATCH', `/templates/${id}`, '[]', MERGE));
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
      faultsOf(await call(`/templates/${id}/versions/0`));
      faultsOf(await call(`/templates/${id}/versions?cursor=nope`));
    });
  });
});
