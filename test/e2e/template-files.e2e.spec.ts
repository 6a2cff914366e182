import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import type { TemplateDto } from '../../src/modules/templates/dto/template.dto.js';
import { ADMIN_KEY, TestApp, type Answer } from '../support/app.js';

const YAML = { 'content-type': 'application/yaml' };
const file = (name: string, more = ''): string =>
  `# a comment\napiVersion: daemon/v1\nkind: Agent\nmetadata:\n  name: ${name}\n  model: "ollama:qwen3:8b"   # kept\n${more}spec:\n  system_prompt: |\n    On <%= process.platform %>\n`;

describe('templates as files', () => {
  let app: TestApp;

  const load = async (body: string, query = '', headers: Record<string, string> = YAML): Promise<Answer> =>
    app.call(`/templates/import${query}`, { method: 'POST', body, headers });
  const template = async (answer: Promise<Answer>): Promise<TemplateDto> => (await answer).body as TemplateDto;
  const exported = async (id: string, query = ''): Promise<Answer> => app.call(`/templates/${id}/export${query}`);

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(async () => {
    await app.stop();
  });

  it.each(readdirSync('test/fixtures/daemon-v1').filter((name) => name.endsWith('.yaml')))(
    'takes %s and gives it back to the byte',
    async (fileName) => {
      const text = readFileSync(`test/fixtures/daemon-v1/${fileName}`, 'utf8');
      const answer = await load(text, `?filename=${fileName}`);
      expect(answer.status).toBe(201);
      expect(answer.headers.get('etag')).toBe('"1"');
      expect(answer.body).toMatchObject({ name: fileName.replace('.yaml', ''), version: 1 });
      const back = await exported((answer.body as TemplateDto).id);
      expect(back.body).toBe(text);
      expect(back.headers.get('content-type')).toBe('application/yaml; charset=utf-8');
      expect(back.headers.get('content-disposition')).toBe(`attachment; filename="${fileName}"`);
    },
  );

  it('gives a byte order mark, CRLF and a missing last line end back', async () => {
    const text = `\uFEFF${file('crlf').replaceAll('\n', '\r\n').trimEnd()}`;
    const { status, body } = await load(text);
    expect(status).toBe(201);
    const response = await fetch(`${app.url}/api/v1/templates/${body.id}/export`, {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from(text));
  });

  it('takes the name from Content-Disposition too', async () => {
    const text = 'apiVersion: daemon/v1\nkind: Agent\nmetadata: {}\nspec: {}\n';
    const disposition = { 'content-disposition': 'attachment; filename="agents/Web Researcher.yaml"' };
    expect((await load(text, '', { ...YAML, ...disposition })).body.name).toBe('web-researcher');
  });

  it('writes a version that was edited as JSON anew, and the older one as it came', async () => {
    const text = file('edited', '  max_turns: 3\n');
    const body = await template(load(text));
    await app.call(`/templates/${body.id}`, { method: 'PATCH', body: { soul: 'calm' } });
    const now = (await exported(body.id)).body as string;
    expect(now).not.toContain('# a comment');
    expect(now).toContain('model: ollama:qwen3:8b');
    expect(now).toContain('max_turns: 3');
    expect(now).toContain('    On <%= process.platform %>\n');
    expect((await exported(body.id, '?version=1')).body).toBe(text);
    const copy = await load(now.replace('name: edited', 'name: copy'));
    const { id, name, displayName, digest, createdAt, updatedAt, version, ...content } = copy.body;
    expect([id, name, displayName, digest, createdAt, updatedAt, version]).toHaveLength(7);
    expect((await app.call(`/templates/${body.id}`)).body).toMatchObject(content as object);
  });

  it('takes JSON', async () => {
    const body = JSON.stringify({
      apiVersion: 'daemon/v1',
      kind: 'Agent',
      metadata: { name: 'from-json', tools: ['a', { constructor: { x: 1 } }] },
    });
    const answer = await load(body, '', { 'content-type': 'application/json' });
    expect(answer.body).toMatchObject({ name: 'from-json', version: 1 });
    expect(answer.body.tools).toEqual(['a', { constructor: { x: 1 } }]);
    expect((await exported((answer.body as TemplateDto).id)).body).toContain('name: from-json');
  });

  it('refuses a taken name unless it is to be a version', async () => {
    const body = await template(load(file('taken')));
    const refused = await load(file('taken'));
    expect([refused.status, refused.body.code]).toEqual([409, 'NAME_TAKEN']);
    const same = await load(file('taken'), '?onConflict=version');
    expect([same.status, same.body.version]).toEqual([200, 1]);
    const next = await load(file('taken', '  labels: [x]\n'), '?onConflict=version');
    expect([next.status, next.body.version, next.body.id]).toEqual([200, 2, body.id]);
  });

  it('makes a version of a file in which only a comment changed, so that the comment comes back', async () => {
    const body = await template(load(file('comments')));
    const text = `${file('comments')}# more\n`;
    const next = await load(text, '?onConflict=version');
    expect(next.body).toMatchObject({ version: 2, digest: body.digest });
    expect((await exported(body.id)).body).toBe(text);
  });

  it('makes one template of many imports at once', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, async () => load(file('race'), '?onConflict=version')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.every(({ body }) => body.version === 1)).toBe(true);
  });

  it('tells every fault of a file with its line', async () => {
    const answer = await load('apiVersion: v1\nkind: Agent\nmetadata:\n  name: x\n  labels: y\n');
    expect(answer.status).toBe(422);
    expect(answer.body.code).toBe('TEMPLATE_FILE_INVALID');
    expect(answer.body.errors).toContainEqual({ pointer: '/apiVersion', detail: 'line 1: must be daemon/v1' });
    expect(answer.body.errors).toContainEqual({ pointer: '/metadata/labels', detail: 'line 5: must be an array' });
  });

  it.each([
    ['a tag', 'a: !!js/function "process.exit()"'],
    ['aliases', 'a: &a [1]\nb: *a'],
    ['deep nesting', '['.repeat(300_000)],
    ['nothing', ' '],
  ])('refuses %s, and lives on', async (_, text) => {
    expect((await load(text)).body).toMatchObject({ code: 'TEMPLATE_FILE_INVALID', status: 422 });
    expect((await app.call('/templates')).status).toBe(200);
  });

  it('refuses files over 1 MiB', async () => {
    const answer = await load(`${file('large')}${`# ${'x'.repeat(1000)}\n`.repeat(1050)}`);
    expect([answer.status, answer.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
  });

  it('refuses what is not UTF-8', async () => {
    const response = await fetch(`${app.url}/api/v1/templates/import`, {
      method: 'POST',
      headers: { ...YAML, authorization: `Bearer ${ADMIN_KEY}` },
      body: Buffer.concat([Buffer.from(file('latin1')), Buffer.from([0xe9])]),
    });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { code: string }).code).toBe('MALFORMED_REQUEST');
  });

  it('refuses formats that it does not know', async () => {
    expect((await load('# x', '', { 'content-type': 'text/markdown' })).body.code).toBe('UNSUPPORTED_MEDIA_TYPE');
    expect((await load('x', '', { 'content-type': 'application/xml' })).body.code).toBe('UNSUPPORTED_MEDIA_TYPE');
    expect((await load(file('x'), '?format=crew')).body.errors[0].pointer).toBe('format');
    expect((await load(file('x'), '?onConflict=overwrite')).body.errors[0].pointer).toBe('onConflict');
  });

  it('says when a template cannot be written as daemon/v1', async () => {
    const body = await template(
      app.call('/templates', { method: 'POST', body: { name: 'no-provider', config: { model: 'qwen3:8b' } } }),
    );
    expect((await exported(body.id)).body).toMatchObject({ code: 'EXPORT_NOT_POSSIBLE', status: 422 });
  });

  it('answers 404 for an unknown template or version', async () => {
    const body = await template(load(file('known')));
    expect((await exported('f'.repeat(24))).status).toBe(404);
    expect((await exported(body.id, '?version=2')).status).toBe(404);
  });
});
