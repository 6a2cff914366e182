import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MongooseModule } from '@nestjs/mongoose';
import { Test, type TestingModule } from '@nestjs/testing';
import { newId, type ApiKeyId, type TemplateId, type TenantId } from '../../src/domain/ids.js';
import type { Principal } from '../../src/domain/identity/principal.js';
import { readContent } from '../../src/modules/templates/template-input.js';
import { TemplatesModule } from '../../src/modules/templates/templates.module.js';
import { TemplatesService } from '../../src/modules/templates/templates.service.js';
import { EventsModule } from '../../src/platform/events/events.module.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

describe('TemplatesService', () => {
  let database: TestDatabase;
  let nest: TestingModule;
  let sut: TemplatesService;
  let caller: Principal;

  const create = async (name: string, soul = 'one') =>
    sut.create(caller, { name, content: readContent(name, { soul }) });
  const edit = async (id: TemplateId, soul: string) => sut.edit(caller, id, ({ content }) => ({ ...content, soul }));

  beforeAll(async () => {
    database = await testDatabase();
    nest = await Test.createTestingModule({
      imports: [MongooseModule.forRoot(database.uri), EventsModule, TemplatesModule],
    }).compile();
    await nest.init();
    sut = nest.get(TemplatesService);
  });
  beforeEach(() => {
    caller = { tenantId: newId<TenantId>(), apiKeyId: newId<ApiKeyId>(), role: 'author' };
  });
  afterAll(async () => {
    await nest.close();
    await database.drop();
  });

  describe('resolve', () => {
    it('gives the newest version, or the one that is asked for, in the order asked', async () => {
      const [a, b] = [await create('a'), await create('b')];
      await edit(a.id, 'two');
      const wanted = [
        { templateId: b.id, pointer: '/0' },
        { templateId: a.id, pointer: '/1' },
        { templateId: a.id, version: 1, pointer: '/2' },
        { templateId: b.id, pointer: '/3' },
      ];
      const resolved = async () =>
        (await sut.resolve(caller.tenantId, wanted)).map(({ name, version, content }) => [name, version, content.soul]);
      const expected = [
        ['b', 1, 'one'],
        ['a', 2, 'two'],
        ['a', 1, 'one'],
        ['b', 1, 'one'],
      ];
      expect(await resolved()).toEqual(expected);
      // once more, from what is remembered
      expect(await resolved()).toEqual(expected);
    });

    it('never takes the newest version from memory', async () => {
      const a = await create('a');
      await sut.resolve(caller.tenantId, [{ templateId: a.id, pointer: '' }]);
      await edit(a.id, 'two');
      expect(await sut.resolve(caller.tenantId, [{ templateId: a.id, pointer: '' }])).toMatchObject([
        { version: 2, content: { soul: 'two' } },
      ]);
    });

    it('names each that does not exist, and those that are archived', async () => {
      const [a, gone] = [await create('a'), await create('gone')];
      await sut.archive(caller, gone.id);
      const unknown = newId<TemplateId>();
      const failure = sut.resolve(caller.tenantId, [
        { templateId: unknown, pointer: '/roleAssignments/0/templateId' },
        { templateId: a.id, pointer: '/roleAssignments/1/templateId' },
        { templateId: a.id, version: 2, pointer: '/roleAssignments/2/templateId' },
        { templateId: gone.id, pointer: '/roleAssignments/3/templateId' },
      ]);
      await expect(failure).rejects.toMatchObject({
        code: 'TEMPLATES_UNKNOWN',
        faults: [
          { pointer: '/roleAssignments/0/templateId', detail: expect.stringContaining(unknown) },
          { pointer: '/roleAssignments/2/templateId', detail: expect.stringContaining('no version 2') },
          { pointer: '/roleAssignments/3/templateId', detail: expect.stringContaining('archived') },
        ],
      });
    });

    it('refuses archived templates', async () => {
      const gone = await create('gone');
      await sut.archive(caller, gone.id);
      await expect(sut.resolve(caller.tenantId, [{ templateId: gone.id, pointer: '/0' }])).rejects.toMatchObject({
        code: 'ARCHIVED',
        faults: [{ pointer: '/0' }],
      });
    });

    it("knows no other tenant's templates, remembered or not", async () => {
      const a = await create('a');
      await sut.resolve(caller.tenantId, [{ templateId: a.id, pointer: '' }]);
      await expect(sut.resolve(newId<TenantId>(), [{ templateId: a.id, pointer: '' }])).rejects.toMatchObject({
        code: 'TEMPLATES_UNKNOWN',
      });
    });

    it('resolves nothing to nothing', async () => {
      expect(await sut.resolve(caller.tenantId, [])).toEqual([]);
    });
  });

  describe('getVersions', () => {
    it('gives versions of archived templates too, for snapshots that are still to be made', async () => {
      const a = await create('a');
      await edit(a.id, 'two');
      await sut.archive(caller, a.id);
      const found = await sut.getVersions(caller.tenantId, [
        { id: a.id, version: 2 },
        { id: a.id, version: 1 },
      ]);
      expect(found.map(({ content }) => content.soul)).toEqual(['two', 'one']);
    });

    it('fails for one that is not there', async () => {
      const a = await create('a');
      await expect(sut.getVersions(caller.tenantId, [{ id: a.id, version: 2 }])).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
    });
  });

  it('loses no edit of many at once', async () => {
    const a = await create('a');
    const edits = await Promise.all(
      ['x', 'y', 'z'].map(async (tag) =>
        sut.edit(caller, a.id, ({ content }) => ({ ...content, tags: [...content.tags, tag] })),
      ),
    );
    expect(edits.map(({ version }) => version).sort()).toEqual([2, 3, 4]);
    expect([...(await sut.get(caller.tenantId, a.id)).content.tags].sort()).toEqual(['x', 'y', 'z']);
  });
});
