import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from '../../src/app.js';
import { Installations } from '../../src/domain/installation.js';
import { systemActor } from '../../src/domain/events/actor.js';
import { Authenticator } from '../../src/domain/identity/authenticator.js';
import type { TenantId } from '../../src/domain/ids.js';
import { IdentityService } from '../../src/modules/identity/identity.service.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let folders: string[];
let apps: NestFastifyApplication[];

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-identity-'));
  folders.push(folder);
  return folder;
}

async function start(dataDir: string, env: Record<string, string> = {}): Promise<NestFastifyApplication> {
  const app = await createApp({
    DATA_DIR: dataDir,
    MONGODB_URI: database.uri,
    RUNTIME: 'process',
    LOG_LEVEL: 'silent',
    ...env,
  });
  apps.push(app);
  return app;
}

beforeEach(async () => {
  database = await testDatabase();
  folders = [];
  apps = [];
});

afterEach(async () => {
  for (const app of apps) await app.close();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  await database.drop();
});

const accepts = async (app: NestFastifyApplication, key: string): Promise<boolean> =>
  (await app.get(Authenticator).authenticate(key)).kind === 'accepted';

const adminKeys = async (): Promise<number> => database.db.collection('api_keys').countDocuments({ role: 'admin' });

describe('the first start', () => {
  it('makes a key, and writes it where its owner alone can read it', async () => {
    const dataDir = await newFolder();
    const app = await start(dataDir);
    const key = (await readFile(join(dataDir, 'admin.key'), 'utf8')).trim();
    expect((await stat(join(dataDir, 'admin.key'))).mode & 0o777).toBe(0o600);
    expect(await accepts(app, key)).toBe(true);
  });

  it('is not repeated by the second', async () => {
    const dataDir = await newFolder();
    await (await start(dataDir)).close();
    const key = (await readFile(join(dataDir, 'admin.key'), 'utf8')).trim();
    const again = await start(dataDir, { BOOTSTRAP_ADMIN_KEY: 'another-key-that-comes-too-late' });
    expect(await accepts(again, key)).toBe(true);
    expect(await accepts(again, 'another-key-that-comes-too-late')).toBe(false);
    expect(await adminKeys()).toBe(1);
  });

  it('takes the chosen key, and writes none', async () => {
    const dataDir = await newFolder();
    const app = await start(dataDir, { BOOTSTRAP_ADMIN_KEY: 'a-key-that-somebody-has-chosen' });
    expect(await accepts(app, 'a-key-that-somebody-has-chosen')).toBe(true);
    await expect(stat(join(dataDir, 'admin.key'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('makes one tenant and one key when several begin at once', async () => {
    const dirs = await Promise.all([1, 2, 3].map(newFolder));
    const started = await Promise.all(dirs.map(async (dir) => start(dir)));
    expect(await database.db.collection('tenants').countDocuments()).toBe(1);
    expect(await adminKeys()).toBe(1);
    const installations = await Promise.all(started.map(async (app) => app.get(Installations).current()));
    expect(new Set(installations).size).toBe(1);
    expect(await database.db.collection('installations').countDocuments()).toBe(1);
    const keys = await Promise.all(dirs.map(async (dir) => readFile(join(dir, 'admin.key'), 'utf8').catch(() => '')));
    const written = keys.filter((key) => key !== '');
    expect(written).toHaveLength(1);
    expect(await accepts(started[0]!, written[0]!.trim())).toBe(true);
  });

  it('is finished after a crash between the tenant and its key, with the key that was written', async () => {
    const dataDir = await newFolder();
    await (await start(dataDir)).close();
    const key = await readFile(join(dataDir, 'admin.key'), 'utf8');
    await database.db.collection('api_keys').deleteMany({});
    const app = await start(dataDir);
    expect(await readFile(join(dataDir, 'admin.key'), 'utf8')).toBe(key);
    expect(await accepts(app, key.trim())).toBe(true);
  });

  it('replaces a key file of another database', async () => {
    const dataDir = await newFolder();
    const old = `muster_${'a'.repeat(24)}_${'b'.repeat(24)}_${'c'.repeat(43)}`;
    await writeFile(join(dataDir, 'admin.key'), old, { mode: 0o600 });
    const app = await start(dataDir);
    const key = (await readFile(join(dataDir, 'admin.key'), 'utf8')).trim();
    expect(key).not.toBe(old);
    expect(await accepts(app, key)).toBe(true);
  });
});

describe('IdentityService', () => {
  const actor = systemActor('test');

  it('keeps one admin key of a tenant when all are revoked at once', async () => {
    const identity = (await start(await newFolder())).get(IdentityService);
    const { tenant, apiKey } = await identity.createTenant('crowded', actor);
    const more = await Promise.all(
      Array.from({ length: 5 }, async () =>
        identity.issueKey(tenant.id, { name: 'admin', role: 'admin', expiresAt: null }, actor),
      ),
    );
    const ids = [apiKey.id, ...more.map((issued) => issued.apiKey.id)];
    const outcomes = await Promise.allSettled(ids.map(async (id) => identity.revokeKey(tenant.id, id, actor)));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toMatchObject([{ reason: { code: 'LAST_ADMIN_KEY' } }]);
    const left = await identity.listKeys(tenant.id, { limit: 50 });
    expect(left.items.filter(({ revokedAt }) => revokedAt === null)).toHaveLength(1);
  });

  it('trusts a key that another process revoked for five seconds at most', async () => {
    const here = await start(await newFolder());
    const there = await start(await newFolder());
    const identity = here.get(IdentityService);
    const { tenant } = await identity.createTenant('watched', actor);
    const { apiKey, key } = await identity.issueKey(tenant.id, { name: 'x', role: 'viewer', expiresAt: null }, actor);
    expect(await accepts(there, key)).toBe(true);
    await identity.revokeKey(tenant.id, apiKey.id, actor);
    expect(await accepts(here, key)).toBe(false);
    const realNow = Date.now;
    Date.now = () => realNow() + 5_001;
    try {
      expect(await accepts(there, key)).toBe(false);
    } finally {
      Date.now = realNow;
    }
  });

  it('does not find a key of another tenant', async () => {
    const identity = (await start(await newFolder())).get(IdentityService);
    const { apiKey } = await identity.createTenant('owner', actor);
    const stranger = '66f2a1c09b1e8a4d3c5f7a10' as TenantId;
    await expect(identity.findKey(stranger, apiKey.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(identity.revokeKey(stranger, apiKey.id, actor)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('refuses a cursor that it never gave', async () => {
    const identity = (await start(await newFolder())).get(IdentityService);
    const { tenant } = await identity.createTenant('lists', actor);
    await expect(identity.listKeys(tenant.id, { limit: 5, cursor: 'made-up' })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });
});
