import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MongooseModule } from '@nestjs/mongoose';
import { Test, type TestingModule } from '@nestjs/testing';
import type { TemplateRecord } from '../../src/data/templates/template.schema.js';
import { TemplatesDataModule } from '../../src/data/templates/templates-data.module.js';
import { domainEvent, type DomainEvent } from '../../src/domain/events/domain-events.js';
import { OUTBOX_LIMIT } from '../../src/domain/events/outbox-source.js';
import { newId, type TemplateId, type TenantId } from '../../src/domain/ids.js';
import type { Sourced, Template } from '../../src/domain/templates/template.js';
import { TemplateHistory } from '../../src/domain/templates/template-history.repository.js';
import { Templates } from '../../src/domain/templates/templates.repository.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { RandomTemplates, seeded } from '../support/random-template.js';

const actor = { type: 'system', id: 'test' } as const;

describe('templates in the database', () => {
  let database: TestDatabase;
  let nest: TestingModule;
  let templates: Templates;
  let history: TemplateHistory;
  let tenantId: TenantId;

  const sourced = (name: string, changes: Partial<Template> = {}): Sourced<Template> => {
    const now = new Date();
    const content = new RandomTemplates(seeded(1)).content(name);
    return {
      template: {
        id: newId<TemplateId>(),
        tenantId,
        name,
        version: 1,
        digest: 'd1',
        content,
        versionCreatedAt: now,
        versionCreatedBy: actor,
        createdAt: now,
        updatedAt: now,
        archivedAt: null,
        ...changes,
      },
      source: { format: 'daemon-v1', text: 'text 1' },
    };
  };
  const about = (id: TemplateId) => ({ tenantId, actor, subject: { type: 'template', id } as const });
  const created = (id: TemplateId): DomainEvent<'template.created'> =>
    domainEvent('template.created', about(id), { templateId: id, version: 1, digest: 'd1' });
  const versionCreated = (id: TemplateId, version: number): DomainEvent<'template.version-created'> =>
    domainEvent('template.version-created', about(id), { templateId: id, version, digest: 'd', previousDigest: 'd1' });
  const archived = (id: TemplateId): DomainEvent<'template.archived'> =>
    domainEvent('template.archived', about(id), { templateId: id, version: 1 });
  const inserted = async (name = 'demo'): Promise<Sourced<Template>> => {
    const made = sourced(name);
    await templates.insert(made, created(made.template.id));
    return made;
  };
  const next = ({ template }: Sourced<Template>, digest = 'd2'): Sourced<Template> => ({
    template: { ...template, version: template.version + 1, digest },
    source: null,
  });
  const document = async (id: TemplateId): Promise<TemplateRecord> =>
    (await database.db.collection<TemplateRecord>('templates').find({}).toArray()).find(
      ({ _id }) => _id.toHexString() === id,
    )!;

  beforeAll(async () => {
    database = await testDatabase();
    nest = await Test.createTestingModule({
      imports: [MongooseModule.forRoot(database.uri), TemplatesDataModule],
    }).compile();
    await nest.init();
    templates = nest.get(Templates);
    history = nest.get(TemplateHistory);
  });
  beforeEach(() => {
    tenantId = newId<TenantId>();
  });
  afterAll(async () => {
    await nest.close();
    await database.drop();
  });

  it.each(Array.from({ length: 20 }, (_, seed) => seed))('gives content back as it was, seed %i', async (seed) => {
    const made = sourced('demo', { content: new RandomTemplates(seeded(seed)).content('demo') });
    await templates.insert(made, created(made.template.id));
    expect(await templates.findSourced(tenantId, made.template.id)).toEqual(made);
    await history.insertOnce(made);
    const { updatedAt, createdAt, archivedAt, ...version } = made.template;
    expect([updatedAt, createdAt, archivedAt]).toHaveLength(3);
    expect(await history.find(tenantId, version)).toEqual({ template: version, source: made.source });
  });

  it('writes the event with the template', async () => {
    const { template } = await inserted();
    expect((await document(template.id)).outbox.map(({ type }) => type)).toEqual(['template.created']);
  });

  it('keeps a name unique for a tenant, and leaves it to other tenants', async () => {
    await inserted();
    await expect(inserted()).rejects.toMatchObject({ code: 'NAME_TAKEN' });
    tenantId = newId<TenantId>();
    await inserted();
  });

  it("finds no other tenant's template", async () => {
    const { template } = await inserted();
    const other = newId<TenantId>();
    expect(await templates.find(other, template.id)).toBeNull();
    expect(await templates.findSourced(other, template.id)).toBeNull();
    expect(await templates.findByName(other, template.name)).toBeNull();
    expect(await templates.findHeads(other, [template.id])).toEqual([]);
    expect(await templates.findMany(other, [template.id])).toEqual([]);
    expect((await templates.list(other, {}, { limit: 5 })).items).toEqual([]);
    await expect(templates.archive(other, template.id, 1, archived(template.id))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const stolen = next({ template: { ...template, tenantId: other }, source: null });
    await expect(templates.replaceHead(stolen, versionCreated(template.id, 2))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('moves the head by one version with its event', async () => {
    const made = await inserted();
    await templates.replaceHead(next(made), versionCreated(made.template.id, 2));
    const now = await templates.findSourced(tenantId, made.template.id);
    expect(now).toMatchObject({ template: { version: 2, digest: 'd2', name: 'demo' }, source: null });
    expect((await document(made.template.id)).outbox).toHaveLength(2);
  });

  it('lets one of two writers win', async () => {
    const made = await inserted();
    const results = await Promise.allSettled(
      ['a', 'b'].map(async (digest) => templates.replaceHead(next(made, digest), versionCreated(made.template.id, 2))),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'CONCURRENT_UPDATE' },
    });
    expect((await document(made.template.id)).outbox).toHaveLength(2);
  });

  it('is whole after a crash between history and head, and goes on from there', async () => {
    const made = await inserted();
    expect(await history.insertOnce(made)).toBe('inserted');
    // here the process dies; the next one reads the same head
    expect(await templates.find(tenantId, made.template.id)).toEqual(made.template);
    expect(await history.insertOnce(made)).toBe('existed');
    await templates.replaceHead(next(made), versionCreated(made.template.id, 2));
    expect(await history.find(tenantId, made.template)).toMatchObject({
      template: { digest: 'd1' },
      source: made.source,
    });
    expect(await history.listBefore(tenantId, made.template.id, 2, 10)).toHaveLength(1);
  });

  it('keeps what the history holds when the same version is written again', async () => {
    const made = await inserted();
    await history.insertOnce(made);
    const other = { template: { ...made.template, digest: 'other' }, source: null };
    expect(await history.insertOnce(other)).toBe('existed');
    expect(await history.find(tenantId, made.template)).toMatchObject({ template: { digest: 'd1' } });
  });

  it('archives once, frees the name, and takes no further version', async () => {
    const made = await inserted();
    const { id } = made.template;
    expect(await templates.archive(tenantId, id, 1, archived(id))).toBe('archived');
    expect(await templates.archive(tenantId, id, 1, archived(id))).toBe('was archived');
    expect((await document(id)).outbox.map(({ type }) => type)).toEqual(['template.created', 'template.archived']);
    await expect(templates.replaceHead(next(made), versionCreated(id, 2))).rejects.toMatchObject({ code: 'ARCHIVED' });
    expect(await templates.findByName(tenantId, 'demo')).toBeNull();
    const second = await inserted();
    expect(await templates.archive(tenantId, second.template.id, 1, archived(second.template.id))).toBe('archived');
  });

  it('does not archive what has moved on', async () => {
    const made = await inserted();
    await templates.replaceHead(next(made), versionCreated(made.template.id, 2));
    await expect(templates.archive(tenantId, made.template.id, 1, archived(made.template.id))).rejects.toMatchObject({
      code: 'CONCURRENT_UPDATE',
    });
  });

  it('refuses changes while the outbox is full', async () => {
    const made = await inserted();
    const { id } = made.template;
    const fill = Array.from({ length: OUTBOX_LIMIT }, () => ({ type: 'x' }));
    await database.db.collection('templates').updateOne({ _id: (await document(id))._id }, { $set: { outbox: fill } });
    await expect(templates.replaceHead(next(made), versionCreated(id, 2))).rejects.toMatchObject({
      code: 'OUTBOX_FULL',
    });
    await expect(templates.archive(tenantId, id, 1, archived(id))).rejects.toMatchObject({ code: 'OUTBOX_FULL' });
    expect((await document(id)).version).toBe(1);
  });

  it('finds many versions at once, only those that exist', async () => {
    const [a, b] = [await inserted('a'), await inserted('b')];
    await history.insertOnce(a);
    await history.insertOnce(b);
    const found = await history.findMany(tenantId, [a.template, b.template, { id: a.template.id, version: 9 }]);
    expect(found.map(({ name }) => name).sort()).toEqual(['a', 'b']);
    expect(await history.findMany(newId<TenantId>(), [a.template])).toEqual([]);
    expect(await history.findMany(tenantId, [])).toEqual([]);
  });

  it('has its indexes', async () => {
    const keys = async (name: string) =>
      (await database.db.collection(name).indexes()).map(({ key, unique }) => [
        Object.keys(key).join(),
        unique === true,
      ]);
    expect(await keys('templates')).toEqual(
      expect.arrayContaining([
        ['tenantId,nameKey', true],
        ['tenantId,_id', false],
        ['tenantId,content.labels,_id', false],
        ['tenantId,content.role,_id', false],
      ]),
    );
    expect(await keys('template_versions')).toEqual(expect.arrayContaining([['tenantId,templateId,version', true]]));
  });
});
