import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { ObjectId } from 'mongodb';
import { systemActor } from '../../src/domain/events/actor.js';
import { domainEvent, type DomainEvent } from '../../src/domain/events/domain-events.js';
import { newId, type ProjectId, type SecretId, type TenantId } from '../../src/domain/ids.js';
import { KeyWrapper } from '../../src/domain/secrets/key-wrapper.js';
import type { SealedSecret, Secret, SecretScope } from '../../src/domain/secrets/secret.js';
import { SecretVault } from '../../src/domain/secrets/secret-vault.js';
import { Secrets } from '../../src/domain/secrets/secrets.repository.js';
import { SecretSealer } from '../../src/modules/secrets/secret-sealer.js';
import { SecretUpkeep } from '../../src/modules/secrets/secret-upkeep.js';
import { SecretsService } from '../../src/modules/secrets/secrets.service.js';
import { KeyFileWrapper } from '../../src/platform/crypto/key-file-wrapper.js';
import { TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';

const actor = systemActor('test');
const change = { actor, ifMatch: undefined };

describe('secrets on the database', () => {
  let muster: TestApp;
  let tenantId: TenantId;
  let names = 0;

  beforeAll(async () => {
    muster = await TestApp.start();
    tenantId = (await db().collection('tenants').findOne({}))!._id.toHexString() as TenantId;
  });

  afterAll(async () => {
    await muster.stop();
  });

  const db = () => muster.database.db;
  const store = () => muster.app.get(Secrets, { strict: false });
  const vault = () => muster.app.get(SecretVault, { strict: false });
  const service = () => muster.app.get(SecretsService, { strict: false });
  const upkeep = () => muster.app.get(SecretUpkeep, { strict: false });
  const fresh = (): string => `secret-${++names}`;
  const project = async (): Promise<ProjectId> =>
    (await muster.call('/projects', { method: 'POST', body: { name: fresh() } })).body.id as ProjectId;
  const record = async (id: SecretId) =>
    db()
      .collection('secrets')
      .findOne({ _id: new ObjectId(id) });
  const set = async (scope: SecretScope, name: string, value: string): Promise<Secret> =>
    (await service().set(scope, name, Buffer.from(value), change)).secret;

  const sealedAs = async (secret: Secret, wrapper = muster.app.get(KeyWrapper, { strict: false })) => ({
    secret,
    value: await new SecretSealer(wrapper).seal(secret, Buffer.from('sealed')),
  });
  const eventOf = ({ secret }: SealedSecret): DomainEvent<'secret.set'> =>
    domainEvent(
      'secret.set',
      { tenantId, actor, subject: { type: 'secret', id: secret.id } },
      { secretId: secret.id, projectId: secret.projectId, version: secret.version },
    );

  it('open for agents: the project’s own, else the tenant’s, never another project’s or tenant’s', async () => {
    const [one, other] = [await project(), await project()];
    const [both, shared, own] = [fresh(), fresh(), fresh()];
    await set({ tenantId, projectId: null }, both, 'of the tenant');
    await set({ tenantId, projectId: null }, shared, 'shared');
    await set({ tenantId, projectId: one }, both, 'of the project');
    await set({ tenantId, projectId: one }, own, 'own');
    const given = async (tenant: TenantId, projectId: ProjectId) =>
      (await vault().open(tenant, projectId, [both, shared, own, 'nothing']))
        .map(({ name, scope, value }) => [name, scope, Buffer.from(value).toString()])
        .sort();
    expect(await given(tenantId, one)).toEqual([
      [both, 'project', 'of the project'],
      [shared, 'tenant', 'shared'],
      [own, 'project', 'own'],
    ]);
    expect(await given(tenantId, other)).toEqual([
      [both, 'tenant', 'of the tenant'],
      [shared, 'tenant', 'shared'],
    ]);
    expect(await given(newId<TenantId>(), one)).toEqual([]);
    expect([...(await vault().known(tenantId, other, [both, own]))]).toEqual([both]);
  });

  it('are told all at once when they cannot be opened, by name and key, and the others open', async () => {
    const projectId = await project();
    const foreign = new KeyFileWrapper(randomBytes(32));
    const closed = [fresh(), fresh()];
    for (const name of closed) {
      const secret = await set({ tenantId, projectId }, name, 'x');
      const { value } = await sealedAs(secret, foreign);
      await db()
        .collection('secrets')
        .updateOne({ _id: new ObjectId(secret.id) }, { $set: { 'sealed.key.keyId': value.key.keyId } });
    }
    const fine = fresh();
    await set({ tenantId, projectId }, fine, 'fine');
    await expect(vault().open(tenantId, projectId, [...closed, fine])).rejects.toMatchObject({
      code: 'SECRET_UNREADABLE',
      details: { secrets: expect.arrayContaining(closed) },
      message: expect.stringContaining(foreign.currentKeyId),
    });
    expect(await vault().open(tenantId, projectId, [fine])).toHaveLength(1);
    // The sweep leaves alone what it cannot open.
    await upkeep().sweep();
    await expect(vault().open(tenantId, projectId, closed)).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
    for (const name of closed) await set({ tenantId, projectId }, name, 'set again');
    expect(await vault().open(tenantId, projectId, closed)).toHaveLength(2);
  });

  it('are not overwritten by who read an older version, nor given twice under one name', async () => {
    const scope = { tenantId, projectId: null };
    const first = await set(scope, fresh(), 'one');
    await set(scope, first.name, 'two');
    const stale = await sealedAs({ ...first, version: 2 });
    await expect(store().replace(stale, eventOf(stale))).rejects.toMatchObject({ code: 'CONCURRENT_UPDATE' });
    const event = domainEvent(
      'secret.deleted',
      { tenantId, actor, subject: { type: 'secret', id: first.id } },
      { secretId: first.id, projectId: null, version: 1 },
    );
    await expect(store().markDeleted(first, { at: new Date(), by: actor }, event)).rejects.toMatchObject({
      code: 'CONCURRENT_UPDATE',
    });
    const twin = await sealedAs({ ...first, id: newId<SecretId>(), version: 1 });
    await expect(store().insert(twin, eventOf(twin))).rejects.toMatchObject({ code: 'CONCURRENT_UPDATE' });
    expect(await record(first.id)).toMatchObject({ version: 2 });
  });

  it('of a project that was archived while nobody listened are destroyed by the sweep', async () => {
    const projectId = await project();
    const secret = await set({ tenantId, projectId }, fresh(), 'left behind');
    const kept = await set({ tenantId, projectId: await project() }, fresh(), 'kept');
    await db()
      .collection('projects')
      .updateOne({ _id: new ObjectId(projectId) }, { $set: { archivedAt: new Date() } });
    await upkeep().sweep();
    expect((await record(secret.id))?.['sealed']).toBeNull();
    expect((await record(kept.id))?.['sealed']).not.toBeNull();
    await eventually(async () => {
      const found = await db().collection('event_log').findOne({ type: 'secret.deleted', 'subject.id': secret.id });
      expect(found).toMatchObject({ actor: { type: 'system', id: 'secrets' }, data: { projectId, version: 1 } });
    });
  });

  it('are counted, and no more than there may be', async () => {
    const projectId = await project();
    const template = await sealedAs(await set({ tenantId, projectId }, fresh(), 'x'));
    const first = (await record(template.secret.id))!;
    await db()
      .collection('secrets')
      .insertMany(
        Array.from({ length: 499 }, (_, index) => ({ ...first, _id: new ObjectId(), name: `n${index}`, outbox: [] })),
      );
    await expect(set({ tenantId, projectId }, fresh(), 'x')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    // A new value for one that is there takes no place.
    expect((await set({ tenantId, projectId }, template.secret.name, 'y')).version).toBe(2);
    const names: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await service().list({ tenantId, projectId }, { limit: 200, ...(cursor && { cursor }) });
      names.push(...page.items.map(({ name }) => name));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    expect(new Set(names).size).toBe(500);
  });
});
