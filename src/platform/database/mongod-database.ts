import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { MongoMemoryServer } from 'mongodb-memory-server-core';
import { childEnvironment } from '../config/child-environment.js';
import { hasErrno } from '../has-errno.js';
import { DATABASE_NAME, type RunningDatabase } from './running-database.js';

const USER = 'muster';
/** A mongod whose Muster was killed takes a moment to end and to leave its folder. */
const ATTEMPTS = 10;
const ATTEMPT_DELAY_MS = 1000;
const LAUNCH_TIMEOUT_MS = 60_000;

interface Access {
  readonly password: string;
  /** The user was made: from now on the folder holds data. */
  readonly ready: boolean;
}

const accessFileOf = (folder: string): string => join(dirname(folder), 'mongod-access.json');

/** Has a mongod ever served from this folder? One that was only about to leaves nothing worth keeping. */
export async function holdsMongodData(folder: string): Promise<boolean> {
  return (await readAccess(accessFileOf(folder)))?.ready === true;
}

/** Runs a mongod on a data folder, on loopback and with a password, until stop(). */
export async function startMongod(
  binary: string,
  folder: string,
  kind: 'mongod' | 'download',
  reason: string,
): Promise<RunningDatabase> {
  const accessFile = accessFileOf(folder);
  const access = (await readAccess(accessFile)) ?? { password: randomBytes(24).toString('hex'), ready: false };
  if (!access.ready) {
    // Never got as far as having a user, so nothing was ever stored.
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeAccess(accessFile, access);
  }
  const server = await startPatiently(binary, folder, access.password);
  await writeAccess(accessFile, { ...access, ready: true });
  const { port } = server.instanceInfo ?? { port: 0 };
  return {
    kind,
    uri: `mongodb://${USER}:${access.password}@127.0.0.1:${port}/${DATABASE_NAME}?authSource=admin&directConnection=true`,
    description: `mongod on 127.0.0.1:${port}, data in ${folder} (${reason})`,
    stop: async () => {
      await server.stop({ doCleanup: false });
    },
  };
}

async function startPatiently(binary: string, folder: string, password: string): Promise<MongoMemoryServer> {
  // Loaded where it is used: it brings a driver of its own, which stays in memory.
  const { MongoMemoryServer: Server } = await import('mongodb-memory-server-core');
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await Server.create({
        binary: { systemBinary: binary, checkMD5: false },
        instance: {
          dbPath: folder,
          ip: '127.0.0.1',
          storageEngine: 'wiredTiger',
          launchTimeout: LAUNCH_TIMEOUT_MS,
        },
        // In a process group of its own: Ctrl-C is for Muster, which ends the database when it needs it no more.
        spawn: { detached: true, env: childEnvironment() },
        auth: { enable: true, customRootName: USER, customRootPwd: password },
      });
    } catch (error) {
      if (attempt >= ATTEMPTS) throw error;
      await delay(ATTEMPT_DELAY_MS);
    }
  }
}

async function readAccess(file: string): Promise<Access | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Access;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

async function writeAccess(file: string, access: Access): Promise<void> {
  const half = `${file}.${process.pid}`;
  await writeFile(half, JSON.stringify(access), { mode: 0o600, flush: true });
  await rename(half, file);
}
