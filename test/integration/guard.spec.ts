import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const PROGRAM = pathToFileURL(resolve('scripts/lib/muster-process.mjs')).href;

/** A script that starts Muster, says its process id and stays. */
const script = (dataDir: string, mongoUri: string): string => `
  import { freePort, startMuster } from ${JSON.stringify(PROGRAM)};
  const muster = await startMuster({
    dataDir: ${JSON.stringify(dataDir)},
    port: await freePort(0),
    env: { MONGODB_URI: ${JSON.stringify(mongoUri)}, RUNTIME: 'process' },
  });
  console.log(muster.pid);
  setInterval(() => {}, 1000);
`;

/** One that has ended and was not waited for has no command line any more. */
const alive = async (pid: number): Promise<boolean> =>
  (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')) !== '';

describe('a Muster that a script started', () => {
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeEach(async () => {
    database = await testDatabase();
    folder = await temporaryFolder();
  });

  afterEach(async () => {
    await folder.remove();
    await database.drop();
  });

  it('ends when that script is killed, and leaves no note of its end', async () => {
    const dataDir = join(folder.path, 'made', 'by-the-script');
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script(dataDir, database.uri)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    const pid = Number(said.toString());
    expect(await alive(pid)).toBe(true);
    child.kill('SIGKILL');
    await eventually(async () => {
      expect(await alive(pid)).toBe(false);
      expect(existsSync(join(dataDir, 'ending.pid'))).toBe(false);
    }, 30_000);
  });
});
