import { chmod, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDebianLike } from './apt.mjs';
import { withDraft } from './cache.mjs';
import { archive } from './debian-base.mjs';
import { withDebianPackages } from './debian-packages.mjs';
import { importImage, inspectImage } from './engine-images.mjs';
import { silentLog } from './log.mjs';
import { lastWords, run } from './run.mjs';

/** Named anew with each change of what is in it: one that is there is taken as it is. */
export const TEST_POSTGRES = 'muster/test-postgres:2';

/** What starts it: as whoever it is run, with its data where that one can write, and with a password where a file has one. */
const START = `#!/bin/sh
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  if [ -n "$POSTGRES_PASSWORD_FILE" ]; then
    set -- --auth=scram-sha-256 "--pwfile=$POSTGRES_PASSWORD_FILE"
  else
    set -- --auth=trust
  fi
  initdb --no-locale --encoding=UTF8 --username=postgres --no-sync "$@"
fi
exec postgres -k /tmp -h 127.0.0.1 -c shared_buffers=16MB -c dynamic_shared_memory_type=mmap -c max_connections=20
`;

/**
 * Makes sure that the engine has an image of an ordinary service, PostgreSQL, from the distribution's packages. No
 * maintainer script is run, and there is nothing of Muster in it.
 *
 * @param {{ host: string, log?: import('./log.mjs').Log }} options
 * @returns {Promise<string>} its name
 * @throws {Error} when it cannot be had; the message says why
 */
export async function ensurePostgresImage({ host, log = silentLog }) {
  if (await inspectImage(host, TEST_POSTGRES)) return TEST_POSTGRES;
  if (!isDebianLike()) throw new Error(`${TEST_POSTGRES} is made on Debian and Ubuntu only`);
  const step = log.step(`make ${TEST_POSTGRES}`);
  try {
    await withDebianPackages('postgres', ['postgresql', 'dash', 'coreutils'], (folder, files) =>
      withDraft(async (root) => {
        const version = await unpack(root, folder, files);
        const settings = [
          `ENV PATH=/usr/lib/postgresql/${version}/bin:/usr/bin:/bin PGDATA=/workspace/data LC_ALL=C`,
          'CMD ["/usr/bin/start-postgres"]',
          'EXPOSE 5432',
          'LABEL io.muster.test=1',
        ];
        await importImage(host, TEST_POSTGRES, archive(root), settings);
      }),
    );
    step.done();
  } catch (error) {
    step.fail(/** @type {Error} */ (error).message);
    throw error;
  }
  return TEST_POSTGRES;
}

/**
 * @param {string} root an empty folder
 * @param {string} folder
 * @param {readonly string[]} files .deb files in it
 * @returns {Promise<string>} the version of PostgreSQL
 */
async function unpack(root, folder, files) {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    await mkdir(join(root, 'usr', name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name));
  }
  const leftOut = ['/usr/share/doc', '/usr/share/man', '/usr/share/locale', '*libLLVM*', '*bitcode*', '*llvmjit*'];
  const excludes = leftOut.map((path) => `--exclude='${path.startsWith('/') ? `.${path}` : path}'`).join(' ');
  const tar = `tar -x --keep-directory-symlink --no-same-owner ${excludes} -C "$0"`;
  const script = `set -e; for deb; do dpkg-deb --fsys-tarfile "$deb" | ${tar}; done`;
  const result = await run('sh', ['-c', script, root, ...files.map((file) => join(folder, file))]);
  if (result.code !== 0) throw new Error(`unpacking failed: ${lastWords(result)}`);
  if (!existsSync(join(root, 'usr/bin/sh'))) await symlink('dash', join(root, 'usr/bin/sh'));
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\npostgres:x:1000:1000::/workspace:/bin/sh\n');
  await writeFile(join(root, 'etc/group'), 'root:x:0:\npostgres:x:1000:\n');
  await writeFile(join(root, 'usr/bin/start-postgres'), START);
  await chmod(join(root, 'usr/bin/start-postgres'), 0o755);
  for (const name of ['workspace', 'tmp', 'proc', 'dev', 'sys', 'run'])
    await mkdir(join(root, name), { recursive: true });
  // An engine gives a folder in memory the mode of the folder it covers.
  await chmod(join(root, 'tmp'), 0o1777);
  // Keys of a machine, which packages of certificates bring.
  await rm(join(root, 'etc/ssl/private'), { recursive: true, force: true });
  const [version] = (await readdir(join(root, 'usr/lib/postgresql'))).sort().reverse();
  if (version === undefined) throw new Error('the package has no server in it');
  return version;
}
