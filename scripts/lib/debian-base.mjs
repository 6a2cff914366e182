import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { withDraft } from './cache.mjs';
import { withDebianPackages } from './debian-packages.mjs';
import { inContainer } from './engine-container.mjs';
import { callEngine } from './engine-http.mjs';
import { importImage, removeImage } from './engine-images.mjs';
import { run } from './run.mjs';

/** What `debootstrap --variant=minbase` would install, and what the Node binary needs. */
const PACKAGES = ['?essential', 'apt', 'libstdc++6', '?name(^usr-is-merged$)'];
/** As in Debian's own slim images. */
const LEFT_OUT = ['/usr/share/doc', '/usr/share/man', '/usr/share/info', '/usr/share/locale'];
const NO_SERVICES = '#!/bin/sh\nexit 101\n';
const ARCHIVES = 'var/cache/apt/archives';

/**
 * Installs the packages into the root that already holds their files: the same programs, so that dpkg can run at all.
 * Its database lies in memory meanwhile, because it is synchronised to disk after each package.
 */
const INSTALL = `set -e
export DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
cp -a /var/lib/dpkg/. /run/dpkg/
cd /${ARCHIVES}
[ -e /usr/bin/awk ] || ln -s mawk /usr/bin/awk
DPKG="dpkg --admindir=/run/dpkg --force-unsafe-io --force-depends"
$DPKG --install base-passwd_*.deb
$DPKG --install base-files_*.deb
$DPKG --unpack *.deb
$DPKG --configure -a
cp -a /run/dpkg/. /var/lib/dpkg/
rm -f /${ARCHIVES}/*.deb /usr/sbin/policy-rc.d /var/log/*.log /var/cache/debconf/*-old
`;

/**
 * Makes a minimal Debian (or Ubuntu: whatever this machine is) image with a working apt, from the distribution's
 * packages alone. Their maintainer scripts run in a container, never on this machine.
 *
 * @param {object} options
 * @param {string} options.host
 * @param {string} options.reference the image's name
 * @param {readonly string[]} options.labels LABEL instructions
 * @param {(note: string) => void} options.onProgress
 */
export async function makeDebianBase({ host, reference, labels, onProgress }) {
  const unpacked = `${reference}-unpacked`;
  try {
    onProgress('downloading packages');
    await withDebianPackages('base', PACKAGES, (folder, files, options) =>
      withDraft(async (root) => {
        onProgress('unpacking packages');
        await unpack(root, folder, files);
        await settle(root, await archiveSources(options));
        await importImage(host, unpacked, archive(root));
      }),
    );
    onProgress('installing packages');
    const image = {
      image: unpacked,
      command: ['/bin/sh', '-c', INSTALL],
      hostConfig: { Tmpfs: { '/run/dpkg': 'exec' } },
    };
    await inContainer(host, image, async ({ exitCode, output, id }) => {
      if (exitCode !== 0) throw new Error(`dpkg failed: ${output.trim().split('\n').at(-1)}`);
      const rootfs = await callEngine(host, `/containers/${id}/export`);
      await importImage(host, reference, rootfs, ['CMD ["bash"]', ...labels]);
    });
  } finally {
    await removeImage(host, unpacked);
  }
}

/**
 * @returns {{ id: string, codename: string, title: string }} this machine's distribution, such as debian and bookworm
 */
export function distribution() {
  const release = readFileSync('/etc/os-release', 'utf8');
  const value = (/** @type {string} */ key) => new RegExp(`^${key}="?([^"\\n]*)`, 'm').exec(release)?.[1] ?? '';
  return { id: value('ID'), codename: value('VERSION_CODENAME'), title: value('PRETTY_NAME') };
}

/**
 * @param {readonly string[]} options apt-get's
 * @returns {Promise<string>} where this machine's own distribution comes from, third parties left out, for the image's apt
 */
async function archiveSources(options) {
  const format = '$(ORIGIN)\t$(REPO_URI) $(RELEASE) $(COMPONENT)';
  const targets = await run('apt-get', ['indextargets', ...options, '--format', format, 'Created-By: Packages']);
  const lines = targets.stdout.split('\n').map((line) => line.split('\t'));
  const own = lines
    .filter(([origin]) => origin === 'Debian' || origin === 'Ubuntu')
    // An address with a password in it is not for an image that agents run in.
    .filter(([, source]) => !/\/\/[^/]*@/.test(source ?? ''))
    .map(([, source]) => `deb ${source}\n`);
  return [...new Set(own)].join('');
}

/**
 * @param {string} root an empty folder
 * @param {string} folder
 * @param {readonly string[]} files .deb files in it
 */
async function unpack(root, folder, files) {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    await mkdir(join(root, 'usr', name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name));
  }
  await mkdir(join(root, ARCHIVES), { recursive: true });
  const excludes = LEFT_OUT.map((path) => `--exclude=.${path}`).join(' ');
  const tar = `tar -x --keep-directory-symlink --no-same-owner ${excludes} -C "$0"`;
  const script = `set -e; for deb; do dpkg-deb --fsys-tarfile "$deb" | ${tar}; done`;
  const result = await run('sh', ['-c', script, root, ...files.map((file) => join(folder, file))]);
  if (result.code !== 0) throw new Error(`unpacking failed: ${result.stderr.trim()}`);

  for (const file of files) await link(join(folder, file), join(root, ARCHIVES, file));
}

/**
 * Puts in place what the packages do not bring.
 *
 * @param {string} root
 * @param {string} sources for apt
 */
async function settle(root, sources) {
  await writeFile(join(root, 'var/lib/dpkg/status'), '');
  await writeFile(join(root, 'usr/sbin/policy-rc.d'), NO_SERVICES, { mode: 0o755 });
  await mkdir(join(root, 'etc/dpkg/dpkg.cfg.d'), { recursive: true });
  await writeFile(join(root, 'etc/apt/sources.list'), sources);
  const rules = [...LEFT_OUT.map((path) => `path-exclude ${path}/*`), 'path-include /usr/share/doc/*/copyright'];
  await writeFile(join(root, 'etc/dpkg/dpkg.cfg.d/slim'), `${rules.join('\n')}\n`);
}

/**
 * @param {string} root a root file system
 * @returns {NodeJS.ReadableStream} a tar of it in which everything is root's
 */
export function archive(root) {
  const tar = spawn('tar', ['-C', root, '--owner=0', '--group=0', '--numeric-owner', '-cf', '-', '.'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // Ends well only when tar did, so that a part of an archive is never taken for the whole.
  const whole = new PassThrough();
  tar.stdout.pipe(whole, { end: false });
  tar.once('error', (error) => whole.destroy(error));
  tar.once('close', (code) => (code === 0 ? whole.end() : whole.destroy(new Error(`tar ended with ${code}`))));
  return whole;
}
