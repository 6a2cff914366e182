import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createApp } from '../../src/app.js';
import { DatabaseLocation } from '../../src/domain/database-location.js';
import { systemActor } from '../../src/domain/events/actor.js';
import { IdentityService } from '../../src/modules/identity/identity.service.js';
import { TestApp } from '../support/app.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { DatabaseProxy } from '../support/database-proxy.js';
import { eventually } from '../support/eventually.js';
import { MusterProcess } from '../support/muster-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const actor = systemActor('test');

describe('the embedded database', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeEach(async () => {
    folder = await temporaryFolder();
  });

  afterEach(async () => {
    await folder.remove();
  });

  it('keeps what was written from one start to the next, and says which it is and why', async () => {
    const environment = {
      DATA_DIR: folder.path,
      RUNTIME: 'process',
      LOG_LEVEL: 'silent',
      EMBEDDED_DATABASE: 'documentdb',
    };
    const first = await createApp(environment);
    const { kind, description } = first.get(DatabaseLocation);
    expect([kind, description]).toEqual(['documentdb', expect.stringContaining('EMBEDDED_DATABASE is documentdb')]);
    const { tenant, apiKey } = await first.get(IdentityService).createTenant('kept', actor);
    await first.close();

    const second = await createApp({ ...environment, EMBEDDED_DATABASE: 'auto' });
    try {
      expect(second.get(DatabaseLocation).description).toContain('its data is there already');
      expect(await second.get(IdentityService).findKey(tenant.id, apiKey.id)).toMatchObject({ role: 'admin' });
    } finally {
      await second.close();
    }
  });

  it('keeps what was answered when Muster is killed, and starts again on it', async () => {
    const env = { MONGODB_URI: '', EMBEDDED_DATABASE: 'documentdb' };
    const first = await MusterProcess.start({ mongoUri: '', dataDir: folder.path, env });
    const made = await first.call('POST', '/tenants', { name: 'survivor' });
    expect(made.status).toBe(201);
    await first.kill();

    const second = await MusterProcess.start({ mongoUri: '', dataDir: folder.path, env });
    try {
      expect(await second.call('POST', '/tenants', { name: 'survivor' })).toMatchObject({
        status: 409,
        body: { code: 'NAME_TAKEN' },
      });
    } finally {
      expect(await second.stop()).toBe(0);
    }
  });

  it('is not shared by two Musters: the second says so and does not start', async () => {
    const environment = {
      DATA_DIR: folder.path,
      RUNTIME: 'process',
      LOG_LEVEL: 'silent',
      EMBEDDED_DATABASE: 'documentdb',
    };
    const first = await createApp(environment);
    try {
      await expect(createApp(environment)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
      expect(await first.get(IdentityService).createTenant('still-here', actor)).toMatchObject({
        key: expect.any(String),
      });
    } finally {
      await first.close();
    }
  });
});

describe('an external database', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await testDatabase();
  });

  afterEach(async () => {
    await database.drop();
  });

  it('leaves no database folder behind', async () => {
    const app = await TestApp.start({}, database);
    try {
      expect(existsSync(`${app.dataDir}/db`)).toBe(false);
      expect(await readdir(app.dataDir)).toContain('keys');
    } finally {
      await app.stop();
    }
  });

  it('has every index that the schemas name before the first request', async () => {
    const app = await TestApp.start({}, database);
    try {
      const indexes = await database.db.collection('tenants').indexes();
      expect(indexes).toContainEqual(expect.objectContaining({ key: { name: 1 }, unique: true }));
    } finally {
      await app.stop();
    }
  });

  it('that stops answering makes requests 503, is told by /readyz, and is used again when it is back', async () => {
    const proxy = await DatabaseProxy.start(database.uri);
    const app = await TestApp.start({ MONGODB_URI: proxy.uri }, database);
    try {
      proxy.watcher = () => {
        proxy.cutAll();
        return 'cut';
      };
      const refused = await app.call('/api-keys');
      expect(refused).toMatchObject({ status: 503, body: { code: 'DATABASE_UNAVAILABLE' } });
      expect(refused.headers.get('retry-after')).toBe('5');
      expect(JSON.stringify(refused.body)).not.toContain(new URL(database.uri).password);
      expect((await app.call('//healthz')).status).toBe(200);

      proxy.watcher = () => 'pass';
      await eventually(async () => {
        expect((await app.call('/api-keys')).status).toBe(200);
      });
    } finally {
      await app.stop();
      await proxy.stop();
    }
  });

  it('that was never there keeps Muster from starting, with a reason', async () => {
    const folder = await temporaryFolder();
    try {
      await expect(
        createApp({
          DATA_DIR: folder.path,
          MONGODB_URI: 'mongodb://127.0.0.1:9/muster?serverSelectionTimeoutMS=100',
          LOG_LEVEL: 'silent',
          RUNTIME: 'process',
        }),
      ).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    } finally {
      await folder.remove();
    }
  });
});
