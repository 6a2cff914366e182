import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Db, MongoClient } from 'mongodb';
import { RunningServer } from './support/running-server.js';

describe('collections and indexes', () => {
  let running: RunningServer;
  let client: MongoClient;
  let db: Db;

  beforeAll(async () => {
    running = await RunningServer.start();
    client = await running.connect();
    db = client.db('schema');
  });
  afterAll(async () => running.dispose());

  it('makes, lists, empties and drops collections', async () => {
    await db.createCollection('made');
    await db.collection('implied').insertOne({ x: 1 });
    const names = (await db.listCollections().toArray()).map(({ name }) => name);
    expect(names.sort()).toEqual(['implied', 'made']);
    expect(await db.listCollections({ name: 'made' }, { nameOnly: true }).toArray()).toMatchObject([
      { name: 'made', type: 'collection' },
    ]);
    await expect(db.createCollection('made', { capped: true, size: 1000 })).rejects.toThrow();
    expect(await db.collection('made').drop()).toBe(true);
    expect(await db.collection('never').drop()).toBe(false);
    expect((await db.listCollections().toArray()).map(({ name }) => name)).toEqual(['implied']);
  });

  it('lists and drops databases', async () => {
    await client.db('passing').collection('x').insertOne({ x: 1 });
    const names = async (): Promise<string[]> =>
      (await client.db().admin().listDatabases()).databases.map(({ name }) => name);
    expect(await names()).toContain('passing');
    await client.db('passing').dropDatabase();
    expect(await names()).not.toContain('passing');
  });

  it('renames a collection', async () => {
    await db.collection('before').insertOne({ x: 1 });
    await db.collection('before').rename('after');
    expect(await db.collection('after').countDocuments()).toBe(1);
  });

  it('makes, lists and drops indexes, and takes the same index again', async () => {
    const collection = db.collection('indexed');
    await collection.createIndexes([
      { key: { a: 1, b: -1 }, name: 'compound' },
      { key: { c: 1 }, sparse: true, unique: true },
      { key: { d: 1 }, partialFilterExpression: { d: { $exists: true } } },
      { key: { at: 1 }, expireAfterSeconds: 3600 },
      { key: { 'nested.path': 1 } },
    ]);
    await collection.createIndex({ a: 1, b: -1 }, { name: 'compound' }, {});
    const indexes = await collection.indexes();
    expect(indexes.map(({ name }) => name).sort()).toEqual(['_id_', 'at_1', 'c_1', 'compound', 'd_1', 'nested.path_1']);
    expect(indexes.find(({ name }) => name === 'at_1')).toMatchObject({ key: { at: 1 }, expireAfterSeconds: 3600 });
    expect(indexes.find(({ name }) => name === 'c_1')).toMatchObject({ unique: true, sparse: true });
    await collection.dropIndex('compound');
    expect((await collection.indexes()).map(({ name }) => name)).not.toContain('compound');
    await expect(collection.dropIndex('compound')).rejects.toMatchObject({ code: 27 });
    await collection.dropIndexes();
    expect(await collection.indexes()).toHaveLength(1);
  });

  it('answers listIndexes of an unknown collection with NamespaceNotFound', async () => {
    await expect(db.collection('unknown').indexes()).rejects.toMatchObject({ code: 26 });
  });

  it('holds a sparse unique index against documents that have the field', async () => {
    const collection = db.collection('sparse');
    await collection.createIndex({ key: 1 }, { unique: true, sparse: true }, {});
    await collection.insertMany([{ n: 1 }, { n: 2 }, { key: 'a' }]);
    await expect(collection.insertOne({ key: 'a' })).rejects.toMatchObject({ code: 11000 });
  });

  it('holds a partial unique index against the documents it covers', async () => {
    const collection = db.collection('partial');
    await collection.createIndex({ key: 1 }, { unique: true, partialFilterExpression: { live: true } }, {});
    await collection.insertMany([
      { key: 'a', live: true },
      { key: 'a', live: false },
      { key: 'a', live: false },
    ]);
    await expect(collection.insertOne({ key: 'a', live: true })).rejects.toMatchObject({
      code: 11000,
      keyValue: { key: 'a' },
    });
  });

  it('refuses a unique index over documents that break it', async () => {
    const collection = db.collection('broken');
    await collection.insertMany([{ k: 1 }, { k: 1 }]);
    await expect(collection.createIndex({ k: 1 }, { unique: true }, {})).rejects.toMatchObject({ code: 11000 });
  });

  it('makes indexes on many collections at once', async () => {
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const collection = db.collection(`many${String(index % 4)}`);
        await collection.createIndex({ [`field${String(index)}`]: 1 }, {}, {});
      }),
    );
    for (const index of [0, 1, 2, 3]) expect(await db.collection(`many${String(index)}`).indexes()).toHaveLength(4);
  });

  it('compares by a collation', async () => {
    const collection = db.collection('words');
    await collection.insertMany([{ w: 'b' }, { w: 'A' }, { w: 'a' }]);
    expect(await collection.countDocuments({ w: 'a' }, { collation: { locale: 'en', strength: 2 } })).toBe(2);
    const sorted = await collection
      .find({}, { collation: { locale: 'en', strength: 2 } })
      .sort({ w: 1, _id: 1 })
      .toArray();
    expect(sorted.map(({ w }) => (w as string).toLowerCase())).toEqual(['a', 'a', 'b']);
  });
});
