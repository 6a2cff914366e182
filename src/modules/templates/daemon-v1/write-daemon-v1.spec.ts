import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { RandomTemplates, seeded } from '../../../../test/support/random-template.js';
import type { JsonObject } from '../../../domain/json.js';
import type { TemplateContent } from '../../../domain/templates/template.js';
import { readContent, type NewTemplate } from '../template-input.js';
import { readDaemonV1 } from './read-daemon-v1.js';
import { readYaml } from './safe-yaml.js';
import { writeDaemonV1 } from './write-daemon-v1.js';

const again = (template: NewTemplate): NewTemplate => readDaemonV1(readYaml(writeDaemonV1(template)), null);

const template = (body: object): NewTemplate => ({ name: 'demo', content: readContent('demo', body) });

describe('writeDaemonV1', () => {
  it.each(Array.from({ length: 300 }, (_, seed) => seed))('writes what reads as the same template, seed %i', (seed) => {
    const random = new RandomTemplates(seeded(seed));
    const content: TemplateContent = random.content('demo');
    expect(again({ name: 'demo', content })).toEqual({ name: 'demo', content });
  });

  it.each(readdirSync('test/fixtures/daemon-v1').filter((name) => name.endsWith('.yaml')))(
    'writes %s anew without loss',
    (fileName) => {
      const read = readDaemonV1(readYaml(readFileSync(`test/fixtures/daemon-v1/${fileName}`, 'utf8')), fileName);
      expect(again(read)).toEqual(read);
    },
  );

  it.each(readdirSync('test/fixtures/aieos').filter((name) => name.endsWith('.json')))(
    'writes the AIEOS document %s without loss, member order included',
    (fileName) => {
      const identity = JSON.parse(readFileSync(`test/fixtures/aieos/${fileName}`, 'utf8')) as JsonObject;
      const { content } = again(template({ aieos_identity: identity }));
      expect(JSON.stringify(content.aieos_identity)).toBe(JSON.stringify(identity));
    },
  );

  it('writes a prompt as a block that people can read', () => {
    const text = writeDaemonV1(template({ systemPrompt: 'You are\n  <%= process.platform %>: #1\n', soul: 'calm' }));
    expect(text).toBe(
      [
        'apiVersion: daemon/v1',
        'kind: Agent',
        'metadata:',
        '  name: demo',
        'spec:',
        '  system_prompt: |',
        '    You are',
        '      <%= process.platform %>: #1',
        '  soul: calm',
        '',
      ].join('\n'),
    );
  });

  it('joins provider and model', () => {
    const text = writeDaemonV1(template({ config: { provider: 'ollama', model: 'qwen3:8b' } }));
    expect(text).toContain('model: ollama:qwen3:8b\n');
  });

  it('refuses a model with a colon but without provider, which would be split elsewhere', () => {
    expect(() => writeDaemonV1(template({ config: { model: 'qwen3:8b' } }))).toThrow(
      expect.objectContaining({ code: 'EXPORT_NOT_POSSIBLE' }),
    );
  });

  it('says again what it does not know, at its place', () => {
    const text = writeDaemonV1(
      template({ extensions: { metadata: { max_turns: 3 }, spec: { messages: [] }, status: 'pending' } }),
    );
    expect(text).toContain('  max_turns: 3\nspec:\n');
    expect(text).toContain('  messages: []\nstatus: pending\n');
  });
});
