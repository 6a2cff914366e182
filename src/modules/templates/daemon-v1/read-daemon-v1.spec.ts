import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { TemplateFileInvalidError } from '../../../domain/templates/template-file-invalid.error.js';
import type { NewTemplate } from '../template-input.js';
import { readDaemonV1 } from './read-daemon-v1.js';
import { readYaml } from './safe-yaml.js';

const FIXTURES = 'test/fixtures/daemon-v1';
const read = (text: string, fileName: string | null = 'demo.yaml'): NewTemplate =>
  readDaemonV1(readYaml(text), fileName);
const real = (fileName: string): NewTemplate => read(readFileSync(`${FIXTURES}/${fileName}`, 'utf8'), fileName);

const file = (metadata: string, spec = 'spec:\n  system_prompt: hello'): string =>
  `apiVersion: daemon/v1\nkind: Agent\nmetadata:\n${metadata}\n${spec}\n`;

function faults(text: string, fileName: string | null = 'demo.yaml'): Record<string, string> {
  try {
    read(text, fileName);
  } catch (error) {
    if (error instanceof TemplateFileInvalidError) {
      return Object.fromEntries(error.faults.map(({ pointer, detail }) => [pointer, detail]));
    }
    throw error;
  }
  return {};
}

describe('real daemon/v1 files', () => {
  it.each(readdirSync(FIXTURES).filter((name) => name.endsWith('.yaml')))('reads %s', (fileName) => {
    expect(real(fileName).name).toBe(fileName.replace('.yaml', ''));
  });

  it('keeps EJS as it stands', () => {
    const prompt = real('mini-solo.yaml').content.systemPrompt;
    expect(prompt).toContain('version <%= os.release() %>\n');
    expect(prompt).toContain('<%= await readStdin() %>');
  });

  it('takes a tool with its configuration', () => {
    expect(real('mini-ada.yaml').content.tools).toEqual([
      { shell__execute: { allowlist: { subd: true, voice: true } } },
    ]);
  });

  it('splits a model at its first colon only', () => {
    expect(real('mini.yaml').content.config).toMatchObject({ provider: 'ollama', model: 'deepseek-r1:8b' });
  });

  it('takes a file without spec as one without system prompt', () => {
    expect(real('mini.yaml').content.systemPrompt).toBe('');
  });

  it('takes a description of null as none, and keeps fields it does not know', () => {
    const { content } = real('refine-priority.yaml');
    expect(content.description).toBe('');
    expect(content.extensions).toEqual({
      metadata: { validate: expect.stringContaining('const match'), max_turns: 10, max_validation_fails: 3 },
    });
  });
});

describe('daemon/v1', () => {
  it('takes the name in the file before the name of the file', () => {
    expect(read(file('  name: researcher')).name).toBe('researcher');
  });

  it('writes a name as a slug and shows it as it was', () => {
    expect(read(file('  name: Web Researcher'))).toMatchObject({
      name: 'web-researcher',
      content: { displayName: 'Web Researcher' },
    });
  });

  it('puts spec.tools behind metadata.tools, each once', () => {
    const text = file('  tools: [a, {b: {x: 1}}]', 'spec:\n  tools: [c, {b: {x: 1}}, a]');
    expect(read(text).content.tools).toEqual(['a', { b: { x: 1 } }, 'c']);
  });

  it('takes a model without a colon as one without provider', () => {
    expect(read(file('  model: gpt-4o')).content.config).toMatchObject({ provider: '', model: 'gpt-4o' });
  });

  it("reads Muster's additions", () => {
    const { content } = read(
      file(
        '  display_name: Demo agent\n  role: reviewer\n  tags: [a]',
        [
          'spec:',
          '  soul: calm',
          '  aieos_identity: {"@context": {x: 1}, a.b: [], $ref: 1}',
          '  skills: TypeScript',
          '  can_write_code: true',
          '  mcp_servers: [{name: search, url: "http://localhost:1/mcp"}]',
          '  manifest: {resources: {memoryMiB: 128}, isolation: gvisor}',
        ].join('\n'),
      ),
    );
    expect(content).toMatchObject({
      displayName: 'Demo agent',
      role: 'reviewer',
      tags: ['a'],
      soul: 'calm',
      aieos_identity: { '@context': { x: 1 }, 'a.b': [], $ref: 1 },
      config: { skills: 'TypeScript', canWriteCode: true, mcpServers: [{ name: 'search' }] },
      manifest: { resources: { memoryMiB: 128 }, isolation: 'gvisor' },
      extensions: {},
    });
  });

  it('keeps fields it does not know at their places', () => {
    const text = `${file('  max_turns: 3', 'spec:\n  messages: []')}status: pending\n`;
    expect(read(text).content.extensions).toEqual({
      metadata: { max_turns: 3 },
      spec: { messages: [] },
      status: 'pending',
    });
  });

  it('tells all faults at once, each with its line', () => {
    expect(
      faults(
        'apiVersion: daemon/v2\nkind: Session\nmetadata:\n  name: x\n  model: 7\n  tools: nope\n  labels: [1]\nspec:\n  soul: []\n',
      ),
    ).toEqual({
      '/apiVersion': 'line 1: must be daemon/v1',
      '/kind': 'line 2: must be Agent',
      '/metadata/model': 'line 5: must be a text such as anthropic:claude-3-5-sonnet',
      '/metadata/tools': 'line 6: must be a list of tools',
      '/metadata/labels': expect.stringContaining('line 7: number 0 must be a text'),
      '/spec/soul': 'line 9: must be a text',
    });
  });

  it('points into the file for faults deep in a field', () => {
    const text = file(
      '  name: x',
      'spec:\n  manifest:\n    resources:\n      cpus: many\n  mcp_servers:\n  - {name: a b}',
    );
    expect(Object.keys(faults(text)).sort()).toEqual(['/spec/manifest/resources/cpus', '/spec/mcp_servers/0/name']);
  });

  it('asks for a name when neither file nor file name has one', () => {
    expect(faults(file('  model: a:b'), null)['/metadata/name']).toContain('?filename=');
  });

  it.each([
    ['[]', ''],
    ['just text', ''],
    ['apiVersion: daemon/v1\nkind: Agent\n', '/metadata'],
    ['apiVersion: daemon/v1\nkind: Agent\nmetadata: {}\nspec: text\n', '/spec'],
  ])('refuses %j', (text, pointer) => {
    expect(Object.keys(faults(text))).toContain(pointer);
  });

  it('refuses a member named __proto__', () => {
    const found = faults(file('  name: x', 'spec:\n  aieos_identity:\n    __proto__: {a: 1}'));
    expect(found).toEqual({ '/spec/aieos_identity/__proto__': 'line 7: is not allowed as a name' });
    expect(({} as { a?: number }).a).toBeUndefined();
  });

  it('refuses numbers that JSON cannot write', () => {
    expect(faults(file('  name: x', 'spec:\n  aieos_identity: {a: .nan}'))).toEqual({
      '/spec/aieos_identity/a': 'line 6: must be a number that JSON can write',
    });
  });
});
