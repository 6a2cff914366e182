import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from './remove-tree.js';

describe('removing a folder that an agent owned', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-tree-'));
    await mkdir(join(folder, 'workspace'));
    await mkdir(join(folder, 'other'));
    await writeFile(join(folder, 'other', 'file'), 'somebody else’s');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('removes what is nested deeper than a path can be long, and follows no link in it', async () => {
    const nest = `
      const { mkdirSync, symlinkSync } = require('node:fs');
      for (let level = 0; level < 40; level++) {
        mkdirSync('d'.repeat(200));
        process.chdir('d'.repeat(200));
      }
      symlinkSync(process.argv[1], 'link');
    `;
    const workspace = join(folder, 'workspace');
    execFileSync(process.execPath, ['-e', nest, join(folder, 'other')], { cwd: workspace });
    await symlink(join(folder, 'other'), join(workspace, 'link'));

    await removeTree(workspace);

    await expect(access(workspace)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(join(folder, 'other'))).toEqual(['file']);
  });

  it('takes a link for what it is', async () => {
    await symlink(join(folder, 'other'), join(folder, 'link'));
    await removeTree(join(folder, 'link'));
    expect((await readdir(folder)).sort()).toEqual(['other', 'workspace']);
    expect(await readdir(join(folder, 'other'))).toEqual(['file']);
  });

  it('has nothing to do where there is nothing', async () => {
    await expect(removeTree(join(folder, 'missing'))).resolves.toBeUndefined();
  });
});
