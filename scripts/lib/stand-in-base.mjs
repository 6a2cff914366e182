import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDebianLike } from './apt.mjs';
import { withDraft } from './cache.mjs';
import { distribution, makeDebianBase } from './debian-base.mjs';
import { inContainer } from './engine-container.mjs';
import { callEngineJson } from './engine-http.mjs';
import { buildImage, inspectImage, removeImage, tagImage } from './engine-images.mjs';
import { fetchNpmPackage } from './npm-package.mjs';
import { tarFolder, tarStream } from './tar.mjs';

/** The mark by which a stand-in is told from the image whose name it has. */
export const STAND_IN_LABEL = 'io.muster.stand-in';

/** The names npm's Node packages have for what the engine calls these architectures. */
const NODE_ARCHITECTURES = /** @type {Record<string, string>} */ ({ amd64: 'x64', arm64: 'arm64' });

/**
 * Makes a stand-in for the official Node image on an engine that no registry is in reach of: this machine's own
 * distribution at its smallest, with the Node binary and npm from the npm registry. It has the official image's name only
 * so that Dockerfiles stay ordinary, says in its labels what it is, and gets the name only after its Node has run.
 *
 * @param {object} options
 * @param {string} options.host
 * @param {string} options.reference such as node:24-slim
 * @param {(note: string) => void} options.onProgress
 * @throws {Error} when it cannot be made; the message says why
 */
export async function makeStandIn({ host, reference, onProgress }) {
  const major = /^node:(\d+)/.exec(reference)?.[1];
  if (!major) throw new Error(`there is no stand-in for ${reference}`);
  if (!isDebianLike()) throw new Error('a stand-in is made on Debian and Ubuntu only');
  const { Arch: arch } = await callEngineJson(host, '/version');
  const nodeArch = NODE_ARCHITECTURES[arch];
  if (nodeArch !== process.arch) throw new Error(`a stand-in for ${arch} cannot be made on ${process.arch}`);

  await withDraft(async (folder) => {
    const [node, npm] = [join(folder, 'node'), join(folder, 'npm')];
    const [base] = await Promise.all([
      ensureDebian(host, onProgress),
      fetchNpmPackage(`node-linux-${nodeArch}@${major}`, node, ['bin/node', 'LICENSE']),
      fetchNpmPackage('npm@11', npm),
    ]);
    onProgress('adding node and npm');
    await addNode({ host, reference, base, context: await context(join(node, 'package'), join(npm, 'package')) });
  });
}

/**
 * @param {{ host: string, reference: string, base: string, context: NodeJS.ReadableStream }} options
 */
async function addNode({ host, reference, base, context }) {
  const draft = `${reference}-draft`;
  try {
    await buildImage(host, context, {
      tags: [draft],
      args: { BASE: base },
      labels: { [STAND_IN_LABEL]: '1', 'org.opencontainers.image.title': `stand-in for ${reference}, made by Muster` },
    });
    const version = await nodeVersion(host, draft);
    if (version.split('.')[0] !== `v${reference.match(/\d+/)?.[0]}`) throw new Error(`its node says: ${version}`);
    await tagImage(host, draft, reference);
  } finally {
    await removeImage(host, draft);
  }
}

/**
 * @param {string} host
 * @param {(note: string) => void} onProgress
 * @returns {Promise<string>} the image's name
 */
async function ensureDebian(host, onProgress) {
  const { id, codename, title } = distribution();
  const reference = `${id}:${codename}-slim`;
  if (await inspectImage(host, reference)) return reference;
  const labels = [`LABEL ${STAND_IN_LABEL}=1 org.opencontainers.image.title="${title} from packages, made by Muster"`];
  await makeDebianBase({ host, reference, labels, onProgress });
  return reference;
}

/** @param {string} node @param {string} npm */
async function context(node, npm) {
  const binary = join(node, 'bin/node');
  const dockerfile = `ARG BASE
FROM \${BASE}
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
COPY usr /usr/
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
CMD ["node"]
`;
  return tarStream([
    { name: 'Dockerfile', content: dockerfile },
    { name: 'usr/local/bin/node', file: { path: binary, size: (await stat(binary)).size }, mode: 0o755 },
    { name: 'usr/local/share/doc/node/LICENSE', content: await readFile(join(node, 'LICENSE')) },
    ...(await tarFolder(npm, 'usr/local/lib/node_modules/npm/')).map(executable),
    { name: 'usr/local/bin/npm', link: '../lib/node_modules/npm/bin/npm-cli.js' },
    { name: 'usr/local/bin/npx', link: '../lib/node_modules/npm/bin/npx-cli.js' },
  ]);
}

/** @param {import('./tar.mjs').TarEntry} entry */
function executable(entry) {
  return entry.name.includes('/bin/') ? { ...entry, mode: 0o755 } : entry;
}

/**
 * @param {string} host
 * @param {string} image
 * @returns {Promise<string>} what `node --version` says in it
 */
function nodeVersion(host, image) {
  return inContainer(host, { image, command: ['node', '--version'] }, ({ output }) => output.trim());
}
