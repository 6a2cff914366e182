import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { request } from 'node:https';
import { delimiter, join } from 'node:path';
import { processEnvironment } from '../config/process-environment.js';
import type { Environment } from '../config/read-settings.js';

/** MongoDB release that is downloaded. The same major version as docker-compose.yml. */
const VERSION = '8.0.14';
const DOWNLOAD_HOST = 'https://fastdl.mongodb.org';
/** How long the download's host has to answer. */
const PROBE_MS = 8_000;

export type Found = { readonly path: string } | { readonly obstacle: string };

/** The first executable mongod on PATH. */
export async function mongodOnPath(environment: Environment = processEnvironment()): Promise<string | null> {
  for (const folder of (environment['PATH'] ?? '').split(delimiter).filter((entry) => entry !== '')) {
    const candidate = join(folder, 'mongod');
    if (await isExecutable(candidate)) return candidate;
  }
  return null;
}

export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Kept for the life of this process only: a machine may come online later. */
let obstacleSeen: string | undefined;

/** A mongod from MongoDB's download server, or from where an earlier download left it. */
export async function downloadedMongod(environment: Environment = processEnvironment()): Promise<Found> {
  if (obstacleSeen !== undefined) return { obstacle: obstacleSeen };
  try {
    // One that was downloaded before needs no network.
    const { DryMongoBinary } = await import('mongodb-memory-server-core/lib/util/DryMongoBinary.js');
    const options = await DryMongoBinary.generateOptions({ version: VERSION });
    const path = await DryMongoBinary.locateBinary({ ...options, systemBinary: '' });
    if (path !== undefined) return { path };
    await requireReachable(environment['MONGOMS_DOWNLOAD_MIRROR'] ?? DOWNLOAD_HOST, environment);
    const { MongoBinary } = await import('mongodb-memory-server-core/lib/util/MongoBinary.js');
    return { path: await MongoBinary.getPath({ version: VERSION }) };
  } catch (error) {
    obstacleSeen = error instanceof Error ? error.message : String(error);
    return { obstacle: obstacleSeen };
  }
}

/** Behind a proxy only the download itself can tell, and a proxy answers quickly. */
async function requireReachable(host: string, environment: Environment): Promise<void> {
  const proxies = ['HTTPS_PROXY', 'https_proxy', 'npm_config_https_proxy', 'npm_config_proxy'];
  if (proxies.some((name) => (environment[name] ?? '') !== '') || !host.startsWith('https:')) return;
  await new Promise<void>((settle, reject) => {
    const probe = request(host, { method: 'HEAD', timeout: PROBE_MS, signal: AbortSignal.timeout(PROBE_MS) });
    probe.once('response', (response) => {
      response.resume();
      settle();
    });
    probe.once('error', reject);
    probe.end();
  });
}
