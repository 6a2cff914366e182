import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AgentFilesCalls } from '../support/agent-files.js';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp } from '../support/app.js';
import { AGENT_BUNDLE, AGENT_IMAGE, describeEngine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { tarOf } from '../support/tar.js';

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

const TAR = 'application/x-tar';

describe.each([
  ['docker', describeEngine, { RUNTIME: 'docker', AGENT_IMAGE, DOCKER_HOST: ENGINE_HOST }],
  ['process', describe, { RUNTIME: 'process', AGENT_BUNDLE }],
] as const)('files of an agent under the %s runtime', (name, describeRuntime, env) => {
  describeRuntime('over HTTP', () => {
    let app: TestApp;
    let agent: TestAgent;
    let files: AgentFilesCalls;

    beforeAll(async () => {
      app = await TestApp.start({ ...env, FILES_MAX_BYTES: String(4 * 1024 * 1024), FILES_MAX_ENTRIES: '50' });
      agent = await agentOf(app);
      files = new AgentFilesCalls(app, agent);
      const started = await app.call(`${agent.path}/actions`, { method: 'POST', body: { action: 'start' } });
      expect(started.body).toMatchObject({ state: 'running' });
    });

    afterAll(async () => {
      await app.call(`${agent.path}/actions`, { method: 'POST', body: { action: 'destroy' } });
      await app.stop();
    });

    beforeEach(async () => {
      for (const path of await files.names('/workspace')) {
        await files.change('DELETE', '', { path: `/workspace/${path.split('/')[0]}`, recursive: true });
      }
      expect(await files.names('/workspace')).toEqual([]);
    });

    it('are written, read whole and in part, replaced, and removed', async () => {
      const made = await files.put('/workspace/notes.txt', 'Grüß dich');
      expect(made.status).toBe(201);
      expect(made.body).toMatchObject({
        path: '/workspace/notes.txt',
        name: 'notes.txt',
        type: 'file',
        size: 11,
        mode: '0644',
        sha256: sha256('Grüß dich'),
        etag: made.headers.get('etag'),
      });
      const whole = await files.get('/content', '/workspace/notes.txt');
      expect([whole.status, whole.bytes.toString()]).toEqual([200, 'Grüß dich']);
      expect(Object.fromEntries(whole.headers)).toMatchObject({
        'content-type': 'application/octet-stream',
        'content-length': '11',
        'content-disposition': 'attachment',
        'cache-control': 'no-store',
        etag: made.headers.get('etag'),
      });
      const part = await files.get('/content', '/workspace/notes.txt', { range: 'bytes=-4' });
      expect([part.status, part.bytes.toString(), part.headers.get('content-range')]).toEqual([
        206,
        'dich',
        'bytes 7-10/11',
      ]);
      const known = await files.get('/content', '/workspace/notes.txt', { 'if-none-match': made.body.etag });
      expect([known.status, known.bytes.length]).toEqual([304, 0]);
      const beyond = await files.get('/content', '/workspace/notes.txt', { range: 'bytes=11-' });
      expect([beyond.status, JSON.parse(beyond.bytes.toString())]).toMatchObject([
        416,
        { code: 'RANGE_NOT_SATISFIABLE' },
      ]);
      expect((await files.put('/workspace/notes.txt', '')).status).toBe(200);
      expect((await files.get('/content', '/workspace/notes.txt')).bytes).toHaveLength(0);
      expect((await files.change('DELETE', '', { path: '/workspace/notes.txt' })).status).toBe(204);
      expect((await files.get('/content', '/workspace/notes.txt')).status).toBe(404);
    });

    it('are replaced only as their preconditions say', async () => {
      const path = '/workspace/once';
      expect((await files.put(path, 'a', { 'if-match': '*' })).body).toMatchObject({ code: 'PRECONDITION_FAILED' });
      const { body: first } = await files.put(path, 'a', { 'if-none-match': '*' });
      expect((await files.put(path, 'b', { 'if-none-match': '*' })).status).toBe(412);
      const { body: second } = await files.put(path, 'bb', { 'if-match': first.etag });
      expect(second.etag).not.toBe(first.etag);
      expect((await files.put(path, 'c', { 'if-match': first.etag })).status).toBe(412);
      expect((await files.get('/content', path)).bytes.toString()).toBe('bb');
      expect((await files.put(path, 'c', { 'if-match': 'W/"1"' })).body.errors).toMatchObject([
        { pointer: 'If-Match' },
      ]);
    });

    it('let one of many writers with the same precondition win', async () => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) => files.put('/workspace/race', `writer ${n}`, { 'if-none-match': '*' })),
      );
      const statuses = answers.map(({ status }) => status).sort();
      expect(statuses).toEqual([201, 412, 412, 412, 412, 412, 412, 412]);
    });

    it('are listed by the bytes of their names, page by page, whatever the names', async () => {
      const names = ['a b', 'a\nb', 'ä', 'z', '%2e', '"quoted"', 'ﬁ'];
      for (const each of names) await files.put(`/workspace/${each}`, each);
      await files.change('POST', '/folders', {}, { path: '/workspace/m/n/o' });
      await files.put('/workspace/m/n/p', '');
      const expected = [...names, 'm', 'm/n', 'm/n/o', 'm/n/p'].sort((a, b) =>
        Buffer.compare(Buffer.from(a), Buffer.from(b)),
      );
      expect(await files.names('/workspace')).toEqual(expected);
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const { body } = await files.list('/workspace', { recursive: true, limit: 2, ...(cursor && { cursor }) });
        expect(body.items.length).toBeLessThanOrEqual(2);
        seen.push(...(body.items as { path: string }[]).map(({ path }) => path.replace('/workspace/', '')));
        cursor = body.nextCursor as string | null;
      }
      expect(seen).toEqual(expected);
      expect((await files.list('/workspace/m/n/p')).body.items).toMatchObject([{ name: 'p', type: 'file' }]);
      const foreign = (await files.list('/workspace', { limit: 1 })).body.nextCursor as string;
      expect((await files.list('/workspace/m', { cursor: foreign })).body).toMatchObject({ code: 'VALIDATION_FAILED' });
    });

    it('make folders, and remove them whole only when told to', async () => {
      const path = '/workspace/a/b/c';
      expect((await files.change('POST', '/folders', {}, { path })).status).toBe(201);
      expect((await files.change('POST', '/folders', {}, { path })).status).toBe(200);
      expect((await files.change('DELETE', '', { path: '/workspace/a' })).body).toMatchObject({
        code: 'FILE_CONFLICT',
      });
      expect((await files.change('DELETE', '', { path: '/workspace/a', recursive: true })).status).toBe(204);
      expect((await files.change('DELETE', '', { path: '/workspace/a', recursive: true })).status).toBe(404);
      await files.put('/workspace/file', '');
      const below = await files.change('POST', '/folders', {}, { path: '/workspace/file/below' });
      expect([below.status, below.body.code]).toEqual([409, 'FILE_CONFLICT']);
      expect((await files.put('/workspace/missing/file', '')).status).toBe(404);
    });

    it('go up and down as archives, gzipped or not, as they were', async () => {
      const archive = tarOf([
        { path: './', type: 'Directory' },
        { path: './bin/run.sh', content: '#!/bin/sh\n', mode: 0o4755 },
        { path: 'empty/', type: 'Directory' },
        { path: 'ünï', content: 'x'.repeat(2000) },
      ]);
      const up = await files.send('/archive', '/workspace/in', TAR, [archive]);
      expect([up.status, up.body]).toEqual([200, { files: 2, bytes: 2010, sha256: sha256(archive) }]);
      expect(await files.names('/workspace/in')).toEqual(['bin', 'bin/run.sh', 'empty', 'ünï']);
      const run = (await files.list('/workspace/in/bin')).body.items;
      // No special bits; under Node's permission model times are not set.
      expect(run).toMatchObject([
        { mode: '0755', ...(name === 'docker' && { modifiedAt: new Date(1e12).toISOString() }) },
      ]);
      const down = await files.get('/archive', '/workspace/in');
      expect([down.status, down.headers.get('content-type')]).toEqual([200, TAR]);
      const again = await files.send('/archive', '/workspace/out', TAR, [down.bytes]);
      expect(again.body).toMatchObject({ files: 2, bytes: 2010 });
      const { gzipSync } = await import('node:zlib');
      const gzip = await files.send('/archive', '/workspace/gz', 'application/gzip', [gzipSync(down.bytes)]);
      expect(gzip.body).toMatchObject({ files: 2, bytes: 2010 });
      expect(await files.names('/workspace/gz')).toEqual(await files.names('/workspace/in'));
      // What is in both is merged, and files are replaced.
      await files.send('/archive', '/workspace/in', TAR, [tarOf([{ path: 'bin/run.sh', content: 'new' }])]);
      expect((await files.get('/content', '/workspace/in/bin/run.sh')).bytes.toString()).toBe('new');
      expect(await files.names('/workspace/in')).toEqual(await files.names('/workspace/gz'));
    });

    it('are watched, from the moment the watch says so', async () => {
      await files.put('/workspace/old', '1');
      const watch = await files.watch('/workspace');
      expect(await watch.next()).toEqual({ kind: 'watching', path: '/workspace', type: null });
      await files.put('/workspace/new', '1');
      expect(await watch.next()).toEqual({ kind: 'created', path: '/workspace/new', type: 'file' });
      await files.put('/workspace/old', '22');
      expect(await watch.next()).toEqual({ kind: 'changed', path: '/workspace/old', type: 'file' });
      await files.change('POST', '/folders', {}, { path: '/workspace/a/b' });
      expect(await watch.next()).toEqual({ kind: 'created', path: '/workspace/a', type: 'folder' });
      expect(await watch.next()).toEqual({ kind: 'created', path: '/workspace/a/b', type: 'folder' });
      await files.put('/workspace/a/b/c', '');
      expect(await watch.next()).toEqual({ kind: 'created', path: '/workspace/a/b/c', type: 'file' });
      await files.change('DELETE', '', { path: '/workspace/new' });
      expect(await watch.next()).toEqual({ kind: 'deleted', path: '/workspace/new', type: null });
      await watch.close();
    });

    it('are noted in the log by digests, never by names or contents', async () => {
      await files.put('/workspace/secret-name', 'secret content');
      await files.change('POST', '/folders', {}, { path: '/workspace/secret-folder' });
      await files.send('/archive', '/workspace', TAR, [tarOf([{ path: 'secret-entry', content: 'secret' }])]);
      await files.change('DELETE', '', { path: '/workspace/secret-name' });
      await eventually(async () => {
        const entries = await app.database.db
          .collection('event_log')
          .find({ 'subject.id': agent.id, type: { $regex: '^(file|folder|archive)' } })
          .sort({ seq: -1 })
          .limit(4)
          .toArray();
        expect(entries.map(({ type }) => type)).toEqual([
          'file.deleted',
          'archive.uploaded',
          'folder.created',
          'file.written',
        ]);
        expect(entries[3]?.['data']).toEqual({
          instanceId: agent.id,
          pathHash: sha256('secret-name'),
          sha256: sha256('secret content'),
          bytes: 14,
          created: true,
        });
        expect(JSON.stringify(entries)).not.toContain('secret');
      });
    });

    it.each([
      ['/content', '', 422],
      ['/content', '/etc/passwd', 422],
      ['/content', '/workspace/../etc/passwd', 422],
      ['/content', '/workspace', 422],
      ['/content', '/workspace/a\u0000b', 422],
      ['/archive', '/proc', 422],
      ['/watch', '/', 422],
    ])('refuse to show %s of %j', async (what, path, status) => {
      const answer = await files.get(what, path);
      expect([answer.status, JSON.parse(answer.bytes.toString())]).toMatchObject([
        status,
        { code: 'VALIDATION_FAILED', errors: [{ pointer: 'path' }] },
      ]);
    });

    it('tell every fault of a request at once', async () => {
      const { body } = await files.list('/etc', { recursive: 'perhaps', limit: 0, cursor: '!', color: 'red' });
      expect((body.errors as { pointer: string }[]).map(({ pointer }) => pointer).sort()).toEqual([
        'color',
        'cursor',
        'limit',
        'path',
        'recursive',
      ]);
      expect((await files.put('/workspace/x', '{}', { 'content-type': 'application/json' })).status).toBe(415);
      expect((await files.put('/workspace/x', 'x', { 'idempotency-key': 'k' })).body.errors).toMatchObject([
        { pointer: 'Idempotency-Key' },
      ]);
      const json = await app.call('/templates', {
        method: 'POST',
        body: 'x',
        headers: { 'content-type': 'application/octet-stream' },
      });
      expect(json.status).toBe(415);
    });

    it('leave nothing of what is too large, cut, broken, or a bomb', async () => {
      const { gzipSync } = await import('node:zlib');
      const piece = Buffer.alloc(1024 * 1024);
      const pieces = function* (): Generator<Buffer> {
        for (let n = 0; n < 5; n++) yield piece;
      };
      const tooLong = await files.send('/content', '/workspace/big', 'application/octet-stream', pieces());
      expect([tooLong.status, tooLong.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
      const told = await files.put('/workspace/big', 'x'.repeat(4 * 1024 * 1024 + 1));
      expect([told.status, told.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
      const bomb = gzipSync(tarOf([{ path: 'zeros', content: Buffer.alloc(64 * 1024 * 1024) }]));
      const exploded = await files.send('/archive', '/workspace/bomb', 'application/gzip', [bomb]);
      expect([exploded.status, exploded.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
      const many = tarOf(Array.from({ length: 51 }, (_, n) => ({ path: `${n}`, content: '' })));
      expect((await files.send('/archive', '/workspace/many', TAR, [many])).body).toMatchObject({
        code: 'BODY_TOO_LARGE',
      });
      const archive = tarOf([{ path: 'file', content: 'x'.repeat(3000) }]);
      for (const broken of [archive.subarray(0, 1500), Buffer.from('no archive'), gzipSync(archive)]) {
        const answer = await files.send('/archive', '/workspace/broken', 'application/gzip', [broken.subarray(0, -20)]);
        expect([answer.status, answer.body.code]).toEqual([422, 'ARCHIVE_INVALID']);
      }
      await files.leave('/content', '/workspace/left', 'application/octet-stream', piece);
      await files.leave('/archive', '/workspace/left', TAR, archive);
      await eventually(async () => {
        expect(await files.names('/workspace')).toEqual([]);
      });
      const noise = (await app.database.db.collection('event_log').find({ 'subject.id': agent.id }).toArray()).filter(
        ({ data }) => [sha256('big'), sha256('bomb'), sha256('left')].includes(data.pathHash as string),
      );
      expect(noise).toEqual([]);
    });

    it.each([
      ['an absolute path', [{ path: '/etc/evil', content: 'x' }]],
      ['..', [{ path: 'a/../../evil', content: 'x' }]],
      [
        'a file below a link',
        [
          { path: 'l', type: 'SymbolicLink', linkpath: '/tmp' },
          { path: 'l/evil', content: 'x' },
        ],
      ],
      ['a device', [{ path: 'null', type: 'CharacterDevice' }]],
      ['a pipe', [{ path: 'pipe', type: 'FIFO' }]],
      ['a hard link to the outside', [{ path: 'passwd', type: 'Link', linkpath: '../../etc/passwd' }]],
      ['a hard link to nothing', [{ path: 'x', type: 'Link', linkpath: 'y' }]],
      ['the staging folder', [{ path: '.muster-uploads/x', content: 'x' }]],
    ] as const)('refuse an archive with %s', async (what, entries) => {
      const { status, body } = await files.send('/archive', '/workspace', TAR, [tarOf(entries)]);
      const refusal = name === 'process' && what === 'a file below a link' ? [403] : [422];
      expect(refusal).toContain(status);
      expect(['ARCHIVE_INVALID', 'FILE_NOT_PERMITTED']).toContain(body.code);
      expect(await files.names('/workspace')).toEqual([]);
    });

    it('are shown to operators and admins alone', async () => {
      for (const [role, status] of [
        ['viewer', 403],
        ['author', 403],
        ['auditor', 403],
        ['operator', 200],
      ] as const) {
        const { body } = await app.call('/api-keys', { method: 'POST', body: { name: role, role } });
        expect([role, (await app.call(files.url(''), { key: body.key })).status]).toEqual([role, status]);
      }
    });
  });
});
