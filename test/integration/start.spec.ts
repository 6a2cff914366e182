import { spawn } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestApp } from '../support/app.js';
import { MusterProcess } from '../support/muster-process.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { temporaryFolder } from '../support/temporary-folder.js';

interface End {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the built Muster and waits for its end. */
async function startAndEnd(env: Record<string, string>, cwd = process.cwd()): Promise<End> {
  const child = spawn(process.execPath, [resolve('dist/main.js')], {
    cwd,
    env: { PATH: process.env['PATH'], RUNTIME: 'process', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => (said.stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (said.stderr += text.toString()));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, ...said };
}

describe('starting Muster', () => {
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    database = await testDatabase();
    folder = await temporaryFolder();
  });

  afterAll(async () => {
    await folder.remove();
    await database.drop();
  });

  it('with faults in the environment names them all, one a line, and ends with 1', async () => {
    const { code, stderr } = await startAndEnd({ PORT: 'http', RUNTIME: 'cloud', BOOTSTRAP_ADMIN_KEY: 'short' });
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([
      'Muster did not start: The configuration has faults.',
      '  PORT must be a whole number from 0 to 65535 (it is "http")',
      '  RUNTIME must be one of auto, docker, process (it is "cloud")',
      '  BOOTSTRAP_ADMIN_KEY must be 24 to 200 visible ASCII characters',
    ]);
  });

  it('without keys says so loudly', async () => {
    const muster = await MusterProcess.start({
      mongoUri: database.uri,
      dataDir: folder.path,
      env: { MUSTER_DEV_NO_AUTH: '1' },
    });
    await muster.stop();
    expect(muster.log).toContain('NO API KEY IS NEEDED');
  });

  it('reads .env of the folder it is started in, unless the environment says otherwise', async () => {
    await writeFile(join(folder.path, '.env'), 'PORT=from-file\nLOG_LEVEL=from-file\n');
    const { stderr } = await startAndEnd({ LOG_LEVEL: 'from-environment' }, folder.path);
    expect(stderr).toContain('PORT must be a whole number from 0 to 65535 (it is "from-file")');
    expect(stderr).toContain('(it is "from-environment")');
  });

  it.each(['/proc/muster', 'a-file'])('with %s for its folder says what is wrong with that', async (name) => {
    await writeFile(join(folder.path, 'a-file'), '');
    const { code, stderr } = await startAndEnd({ DATA_DIR: resolve(folder.path, name) });
    expect(code).toBe(1);
    expect(stderr).toContain('Muster did not start: The configuration has faults.\n');
    expect(stderr).toContain(`  DATA_DIR ${resolve(folder.path, name)} cannot be used: `);
  });

  it('on a port that is taken says which, and ends with 1', async () => {
    const other = createServer();
    await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening));
    const { port } = other.address() as AddressInfo;
    try {
      const { code, stderr } = await startAndEnd({
        DATA_DIR: folder.path,
        MONGODB_URI: database.uri,
        PORT: String(port),
        BOOTSTRAP_ADMIN_KEY: 'a-key-that-is-long-enough',
      });
      expect(code).toBe(1);
      expect(stderr).toContain(`PORT 127.0.0.1:${port} is in use`);
    } finally {
      other.close();
    }
  });

  it('never prints the password of its database or its admin key', async () => {
    const { stdout, stderr } = await startAndEnd({
      DATA_DIR: folder.path,
      MONGODB_URI: 'mongodb://me:hunter2@127.0.0.1:9/muster?serverSelectionTimeoutMS=100',
      BOOTSTRAP_ADMIN_KEY: 'a-key-that-is-long-enough',
      LOG_LEVEL: 'trace',
    });
    expect(stderr).toContain('Muster did not start: The database cannot be reached');
    expect(stdout + stderr).not.toMatch(/hunter2|a-key-that-is-long-enough/);
  });

  it('within a test leaves no folder when it fails', async () => {
    const own = await temporaryFolder();
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = own.path;
    try {
      await expect(TestApp.start({ RUNTIME: 'cloud' }, database)).rejects.toMatchObject({
        code: 'CONFIGURATION_INVALID',
      });
      expect(await readdir(own.path)).toEqual([]);
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
      await own.remove();
    }
  });
});
