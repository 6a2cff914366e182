import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { ADMIN_KEY, TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const needsCurl = spawnSync('curl', ['--version']).status === 0 ? it : it.skip;

describe('docs/guides/templates.md', () => {
  let app: TestApp;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    [app, folder] = await Promise.all([TestApp.start(), temporaryFolder()]);
  });
  afterAll(async () => {
    await app.stop();
    await folder.remove();
  });

  needsCurl('shows commands that work, in this order (skipped where there is no curl)', async () => {
    const guide = readFileSync('docs/guides/templates.md', 'utf8');
    const commands = [...guide.matchAll(/^```bash\n(.*?)^```$/gms)].map((match) => match[1]).join('\n');
    await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', commands], {
      cwd: folder.path,
      env: { PATH: process.env['PATH'], MUSTER: `${app.url}/api/v1`, KEY: ADMIN_KEY },
    });
    const { body } = await app.call('/templates');
    const made = (body.items as { name: string; version: number }[]).map(({ name, version }) => `${name}@${version}`);
    expect(made.sort()).toEqual(['docs-writer@4', 'researcher@1']);
  });
});
