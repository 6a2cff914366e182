import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDebianLike } from './apt.mjs';
import { withDraft } from './cache.mjs';
import { withDebianPackages } from './debian-packages.mjs';
import { importImage, inspectImage, pullImage, tagImage } from './engine-images.mjs';
import { silentLog } from './log.mjs';
import { lastWords, run } from './run.mjs';
import { tarStream } from './tar.mjs';

export const TEST_BUSYBOX = 'muster/test-busybox:latest';

/**
 * Makes sure that the engine has the images its tests use: a busybox and nothing else, two megabytes. It is made from
 * the distribution's package, or, where there is none, pulled.
 *
 * @param {{ host: string, log?: import('./log.mjs').Log }} options
 * @returns {Promise<{ busybox: string }>} the images' names
 * @throws {Error} when they cannot be had; the message says why
 */
export async function ensureTestImages({ host, log = silentLog }) {
  if (!(await inspectImage(host, TEST_BUSYBOX))) {
    const step = log.step(`make ${TEST_BUSYBOX}`);
    try {
      await (isDebianLike() ? makeBusybox(host) : pullBusybox(host));
      step.done();
    } catch (error) {
      step.fail(/** @type {Error} */ (error).message);
      throw error;
    }
  }
  return { busybox: TEST_BUSYBOX };
}

/** @param {string} host */
async function makeBusybox(host) {
  const binary = await withDebianPackages('busybox', ['busybox-static'], async (folder, files) => {
    const file = files.find((name) => name.startsWith('busybox-static_'));
    if (!file) throw new Error('there is no package busybox-static');
    return withDraft(async (draft) => {
      const path = join(draft, 'busybox');
      const script = `dpkg-deb --fsys-tarfile "$0" | tar -xO --wildcards '*bin/busybox' > "$1" && chmod 755 "$1"`;
      const unpacked = await run('sh', ['-c', script, join(folder, file), path]);
      if (unpacked.code !== 0) throw new Error(`unpacking ${file}: ${lastWords(unpacked)}`);
      return { content: await readFile(path), applets: (await run(path, ['--list'])).stdout.split('\n') };
    });
  });
  const links = binary.applets.filter((name) => name !== '' && name !== 'busybox');
  const rootfs = tarStream([
    { name: 'bin/', mode: 0o755 },
    { name: 'bin/busybox', content: binary.content, mode: 0o755 },
    ...links.map((name) => ({ name: `bin/${name}`, link: 'busybox' })),
    { name: 'etc/passwd', content: 'root:x:0:0:root:/root:/bin/sh\nagent:x:1000:1000:agent:/workspace:/bin/sh\n' },
    { name: 'etc/group', content: 'root:x:0:\nagent:x:1000:\n' },
    { name: 'root/', mode: 0o700 },
    { name: 'tmp/', mode: 0o1777 },
    { name: 'workspace/', owner: 1000 },
  ]);
  await importImage(host, TEST_BUSYBOX, rootfs, ['ENV PATH=/bin', 'CMD ["sh"]', 'LABEL io.muster.test=1']);
}

/** @param {string} host */
async function pullBusybox(host) {
  await pullImage(host, 'busybox:stable');
  await tagImage(host, 'busybox:stable', TEST_BUSYBOX);
}
