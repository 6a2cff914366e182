import { randomBytes } from 'node:crypto';
import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { prepareFolder, PRIVATE_MODE } from '../agent/agent-folders.js';
import { SOCKET_FOLDER, SOCKET_NAME } from '../agent/agent-protocol.js';
import { dialAgentSocket } from '../agent/agent-socket.js';
import type { EngineClient } from './engine-client.js';
import { EngineFeatures } from './engine-features.js';
import { makeHostConfig } from './host-config.js';

export type AgentEndpoint = 'unix' | 'exec';

export interface Transport {
  readonly endpoint: AgentEndpoint;
  /** Whether a folder of Muster's host is the same folder for the engine; else workspaces are the engine's volumes. */
  readonly sharedFolders: boolean;
}

const LOOK_EVERY_MS = 20;
const PROBE_TIMEOUT_MS = 10_000;
/** When the folder is seen and the socket is not answered by then, it never is. */
const SOCKET_TIMEOUT_MS = 1000;
const LIMITS = { cpus: 1, memoryMiB: 128, pids: 32, tmpfsMiB: 1 };

/**
 * Starts a throwaway container that listens on a socket in a folder of Muster's, and sees what of that arrives here.
 * It ends by itself, should Muster be killed meanwhile.
 *
 * @throws RuntimeError
 */
export async function probeTransport(
  engine: EngineClient,
  image: string,
  { uid, stateDir }: { uid: number; stateDir: string },
): Promise<Transport> {
  if (process.platform !== 'linux') return { endpoint: 'exec', sharedFolders: engine.isLocal };
  const token = randomBytes(8).toString('hex');
  const folder = join(stateDir, `probe-${token}`);
  await prepareFolder(folder, uid, PRIVATE_MODE);
  try {
    const id = await createProbe(engine, image, uid, folder, token);
    try {
      const what = 'start a container that shows how agents are reached';
      const run = (docker: EngineClient['docker']): Promise<unknown> => docker.getContainer(id).start();
      await engine.call({ what, run, writes: true });
      return await lookForProbe(folder, token);
    } finally {
      const run = (docker: EngineClient['docker']): Promise<unknown> => docker.getContainer(id).remove({ force: true });
      await engine.call({ what: 'remove a container', run }).catch(() => undefined); // it ends and goes by itself
    }
  } catch (error) {
    // The engine's host has no such folder.
    if (error instanceof RuntimeError && error.details['status'] === 400)
      return { endpoint: 'exec', sharedFolders: false };
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function createProbe(
  engine: EngineClient,
  image: string,
  uid: number,
  folder: string,
  token: string,
): Promise<string> {
  const hostConfig = makeHostConfig({
    engine: await new EngineFeatures(engine).traits(),
    limits: LIMITS,
    isolation: 'runc',
    uid,
    init: false,
    privateFolder: folder,
    workspace: null,
  });
  const { id } = await engine.call({
    what: 'create a container that shows how agents are reached',
    writes: true,
    run: (docker) =>
      docker.createContainer({
        name: `muster_probe_${token}`,
        Image: image,
        User: `${uid}:${uid}`,
        Labels: { 'io.muster.probe': token },
        Entrypoint: ['node', '-e', probeProgram(token)],
        Cmd: [],
        HostConfig: { ...hostConfig, AutoRemove: true },
      }),
    meaning: { 404: 'image-missing' },
  });
  return id;
}

function probeProgram(token: string): string {
  return `
    require('node:net').createServer((socket) => socket.end('${token}')).listen('${SOCKET_FOLDER}/${SOCKET_NAME}');
    require('node:fs').writeFileSync('${SOCKET_FOLDER}/seen', '');
    setTimeout(() => process.exit(), ${2 * PROBE_TIMEOUT_MS});
  `;
}

async function lookForProbe(folder: string, token: string): Promise<Transport> {
  let until = performance.now() + PROBE_TIMEOUT_MS;
  let sharedFolders = false;
  while (performance.now() < until) {
    const answer = await dialAgentSocket('probe', folder)
      .then(text)
      .catch(() => null);
    if (answer === token) return { endpoint: 'unix', sharedFolders: true };
    if (!sharedFolders && (await isThere(join(folder, 'seen')))) {
      sharedFolders = true;
      until = performance.now() + SOCKET_TIMEOUT_MS;
    }
    await delay(LOOK_EVERY_MS);
  }
  return { endpoint: 'exec', sharedFolders };
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
