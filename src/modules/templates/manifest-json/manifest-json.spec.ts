import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '../../../domain/json.js';
import { jsonFile } from '../daemon-v1/template-file.js';
import { readYaml } from '../daemon-v1/safe-yaml.js';
import { readManifestJson } from './read-manifest-json.js';
import { writeManifestJson } from './write-manifest-json.js';

const read = (value: JsonValue, fileName: string | null = null) => readManifestJson(jsonFile(value), fileName);

const SEED = {
  agentName: 'node-dev',
  about: 'A Node.js workbench',
  containerImage: 'muster/agent:1',
  type: 'service',
  runMode: 'devel',
  projectPath: '/srv/checkouts/node-dev',
  profile: 'dev',
  repoName: 'basic',
  cli: 'node',
  preinstall: 'node -v',
  hosthook_postinstall: '/usr/local/bin/registered',
  config: {
    env: [
      { name: 'TZ', value: 'UTC' },
      { name: 'TOKEN', required: true },
    ],
    binds: [{ source: '/srv/skills', target: '/code/.AchillesSkills', ro: true }],
    restart: 'always',
  },
};

describe('a manifest.json', () => {
  it("is understood in the seed's spelling, and what is not understood is kept", () => {
    const { name, content } = read(SEED);
    expect([name, content.description]).toEqual(['node-dev', 'A Node.js workbench']);
    expect(content.manifest).toEqual({
      image: 'muster/agent:1',
      type: 'service',
      repoName: 'basic',
      runMode: 'devel',
      hostPath: '/srv/checkouts/node-dev',
      profile: 'dev',
      hooks: { preinstall: 'node -v', hosthook_postinstall: '/usr/local/bin/registered' },
      env: [
        { name: 'TZ', value: 'UTC' },
        { name: 'TOKEN', required: true },
      ],
      mounts: [{ source: '/srv/skills', target: '/code/.AchillesSkills', readOnly: true }],
    });
    expect(content.extensions).toEqual({
      manifest_json: { cli: 'node', config: { restart: 'always' } },
    });
  });

  it('of which the repository was not understood yet is written all the same', () => {
    const { name, content } = read(SEED);
    const { repoName, ...manifest } = content.manifest;
    const extensions = { manifest_json: { ...(content.extensions['manifest_json'] as object), repoName: repoName! } };
    const written = JSON.parse(writeManifestJson({ name, content: { ...content, manifest, extensions } })) as JsonValue;
    expect(read(written)).toEqual({ name, content });
  });

  it.each([
    ['a number', 5],
    ['nothing', ''],
    ['more than a manifest holds', 'x'.repeat(129)],
  ])('whose repository is %s keeps it as it is', (_what, repoName) => {
    const { content } = read({ name: 'x', repoName });
    expect([content.manifest, content.extensions]).toEqual([{}, { manifest_json: { repoName } }]);
  });

  it('is named by its folder, or by its file', () => {
    expect(read({}, 'repos/basic/Node Dev/manifest.json').name).toBe('node-dev');
    expect(read({}, 'shell.json').name).toBe('shell');
    expect(() => read({}, 'manifest.json')).toThrow(expect.objectContaining({ code: 'TEMPLATE_FILE_INVALID' }));
  });

  it.each<[string, JsonValue]>([
    ['what came in the seed’s spelling', SEED],
    ['hardly anything', { name: 'x' }],
    [
      'a template’s own fields',
      { name: 'x', 'x-muster': { soul: 'calm', tags: ['a'], extensions: { metadata: { n: 1 } } } },
    ],
    ['what looks like a template’s own fields', { name: 'x', 'x-muster': { colour: 'red' } }],
  ])('is written anew so that it reads the same: %s', (_what, value) => {
    const template = read(value);
    expect(read(JSON.parse(writeManifestJson(template)) as JsonValue)).toEqual(template);
  });

  it('has every fault told at once, where the file has it', () => {
    const text =
      '{\n  "name": "x",\n  "preinstall": "",\n  "containerImage": "No Image",\n  "config": {\n    "env": [{"name": "1"}],\n    "binds": [{"source": "etc"}]\n  },\n  "ttlSeconds": -1\n}';
    const faults = (): unknown => {
      try {
        return readManifestJson(readYaml(text), null);
      } catch (error) {
        return (error as { faults: { pointer: string; detail: string }[] }).faults.map(
          ({ pointer, detail }) => `${pointer} ${detail.split(':')[0] ?? ''}`,
        );
      }
    };
    expect((faults() as string[]).sort()).toEqual([
      '/config/binds/0/source line 7',
      '/config/binds/0/target line 7',
      '/config/env/0/name line 6',
      '/containerImage line 4',
      '/preinstall line 3',
      '/ttlSeconds line 9',
    ]);
  });
});
