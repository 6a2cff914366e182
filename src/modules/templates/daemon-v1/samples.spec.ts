import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { readDaemonV1 } from './read-daemon-v1.js';
import { readYaml } from './safe-yaml.js';
import { writeDaemonV1 } from './write-daemon-v1.js';

const FOLDER = 'samples/team';
const team = readdirSync(FOLDER).map((fileName) =>
  readDaemonV1(readYaml(readFileSync(`${FOLDER}/${fileName}`, 'utf8')), fileName),
);

describe('the sample team', () => {
  it('fills the five roles of the minimum team', () => {
    const roles = team.map(({ content }) => content.role).sort();
    expect(roles).toEqual(['architect', 'developer', 'project_manager', 'reviewer', 'tester']);
  });

  it.each(team)(
    'has a soul, an identity and a prompt for the $name, needs no paid model, and loses nothing',
    (template) => {
      const { content } = template;
      expect(content.config.provider).toBe('echo');
      expect(content.soul.split('\n').length).toBeGreaterThanOrEqual(20);
      expect(content.aieos_identity).toMatchObject({ standard: { protocol: 'AIEOS', version: '1.2.1' } });
      expect(content.systemPrompt).toContain('<%= os.release() %>');
      expect(content.extensions).toEqual({});
      const again = readDaemonV1(readYaml(writeDaemonV1(template)), null);
      expect(again).toEqual(template);
    },
  );
});
