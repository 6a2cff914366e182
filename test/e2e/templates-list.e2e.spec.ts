import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TemplateListDto } from '../../src/modules/templates/dto/template-list.dto.js';
import { TestApp } from '../support/app.js';

describe('GET /templates', () => {
  let app: TestApp;
  const made: any[] = [];

  const page = async (query = ''): Promise<TemplateListDto> =>
    (await app.call(`/templates${query}`)).body as TemplateListDto;
  const list = async (query = ''): Promise<string[]> => (await page(query)).items.map(({ name }) => name);

  beforeAll(async () => {
    app = await TestApp.start();
    const templates = [
      { name: 'architect', role: 'architect', labels: ['team', 'design'], description: 'Draws 100% of the (plan)' },
      { name: 'reviewer', role: 'reviewer', labels: ['team'], displayName: 'Ines Überprüft' },
      { name: 'tester', role: 'tester', labels: ['team'], description: 'Breaks a.b things' },
      { name: 'old', role: 'tester', labels: ['team'] },
      { name: 'web', soul: 's'.repeat(1000), systemPrompt: 'p' },
    ];
    for (const body of templates) made.push((await app.call('/templates', { method: 'POST', body })).body);
    await app.call(`/templates/${made[3].id}`, { method: 'DELETE' });
  });
  afterAll(async () => {
    await app.stop();
  });

  it('leaves the long texts out, and archived templates', async () => {
    const { items, nextCursor } = await page();
    expect(nextCursor).toBeNull();
    expect(items).toHaveLength(4);
    const web = items.find(({ name }) => name === 'web');
    const { soul, aieos_identity, systemPrompt, tools, manifest, extensions, ...summary } = made[4];
    expect([soul, aieos_identity, systemPrompt, tools, manifest, extensions]).toHaveLength(6);
    expect(web).toEqual(summary);
  });

  it('shows archived templates when asked', async () => {
    expect(await list('?archived=true')).toContain('old');
    expect(await list('?archived=false')).not.toContain('old');
  });

  it('finds by label, role and text, all together', async () => {
    expect((await list('?label=team')).sort()).toEqual(['architect', 'reviewer', 'tester']);
    expect(await list('?label=design')).toEqual(['architect']);
    expect(await list('?role=tester')).toEqual(['tester']);
    expect(await list('?label=team&q=breaks')).toEqual(['tester']);
    expect(await list('?label=design&q=breaks')).toEqual([]);
  });

  it('takes q as plain text, upper and lower case the same, in three fields', async () => {
    expect(await list('?q=ARCHI')).toEqual(['architect']);
    expect(await list('?q=ines')).toEqual(['reviewer']);
    expect(await list(`?q=${encodeURIComponent('überprüft')}`)).toEqual(['reviewer']);
    expect(await list(`?q=${encodeURIComponent('100% of the (PLAN)')}`)).toEqual(['architect']);
    expect(await list('?q=a.b')).toEqual(['tester']);
    expect(await list(`?q=${encodeURIComponent('.*')}`)).toEqual([]);
    expect(await list(`?q=${encodeURIComponent('(((')}`)).toEqual([]);
    expect(await list(`?q=${encodeURIComponent('\\')}`)).toEqual([]);
  });

  it('pages through all of them, each once, newest first', async () => {
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const { items, nextCursor } = await page(`?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
      ids.push(...items.map(({ id }) => id));
      cursor = nextCursor;
    } while (cursor !== null);
    expect(ids).toHaveLength(4);
    expect(ids).toEqual([...ids].sort().reverse());
  });

  it.each([
    'limit=0',
    'limit=201',
    'limit=x',
    'cursor=nope',
    'archived=maybe',
    'label[$ne]=x',
    'nope=1',
    'q=a&q=b',
    'q=%00',
    'role=a%00b',
  ])('refuses ?%s', async (query) => {
    const answer = await app.call(`/templates?${query}`);
    expect([answer.status, answer.body.code]).toEqual([422, 'VALIDATION_FAILED']);
    const pointers = new Set((answer.body.errors as { pointer: string }[]).map(({ pointer }) => pointer));
    expect([...pointers]).toEqual([expect.stringContaining(query.split(/[=[]/)[0]!)]);
  });
});
