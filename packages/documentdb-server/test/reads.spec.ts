import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Collection, Db, MongoClient } from 'mongodb';
import { RunningServer } from './support/running-server.js';
import type { Thing } from './support/thing.js';

const COUNT = 1000;

describe('reads', () => {
  let running: RunningServer;
  let client: MongoClient;
  let db: Db;
  let items: Collection<Thing>;

  beforeAll(async () => {
    running = await RunningServer.start();
    client = await running.connect();
    db = client.db('reads');
    items = db.collection('items');
    await items.createIndex({ tenantId: 1, seq: 1 }, {}, {});
    await items.insertMany(
      Array.from({ length: COUNT }, (_, seq) => ({
        _id: seq,
        tenantId: `t${String(seq % 2)}`,
        seq,
        group: seq % 10,
        text: `item ${String(seq)}`,
      })),
    );
  });
  afterAll(async () => running.dispose());

  it('gives every document once over many batches', async () => {
    const seen = await items
      .find({}, { batchSize: 37 })
      .map(({ _id }) => _id)
      .toArray();
    expect(new Set(seen).size).toBe(COUNT);
    expect(seen).toHaveLength(COUNT);
  });

  it('gives sorted documents in order over many batches', async () => {
    const sorted = await items.find({ tenantId: 't1' }).sort({ seq: -1 }).batchSize(33).toArray();
    expect(sorted.map(({ seq }) => seq as number)).toEqual(
      Array.from({ length: COUNT / 2 }, (_, index) => COUNT - 1 - 2 * index),
    );
  });

  it('sorts by fields without an index over many batches', async () => {
    const sorted = await items.find({}).sort({ group: 1, seq: -1 }).batchSize(50).toArray();
    expect(sorted).toHaveLength(COUNT);
    expect(sorted.slice(0, 2).map(({ seq }) => seq as number)).toEqual([990, 980]);
    expect(sorted.at(-1)).toMatchObject({ group: 9, seq: 9 });
  });

  it('reads several cursors at once on one connection', async () => {
    const narrow = await running.connect({ maxPoolSize: 1 });
    const cursors = [1, 2, 3].map((step) =>
      narrow
        .db('reads')
        .collection('items')
        .find({})
        .sort({ group: 1, seq: 1 })
        .batchSize(10 * step),
    );
    const lengths = await Promise.all(cursors.map(async (cursor) => (await cursor.toArray()).length));
    expect(lengths).toEqual([COUNT, COUNT, COUNT]);
  });

  it('pages with sort, skip, limit and a projection', async () => {
    const page = await items
      .find({ tenantId: 't0', seq: { $gt: 100 } }, { projection: { seq: 1, _id: 0 } })
      .sort({ seq: 1 })
      .skip(2)
      .limit(3)
      .toArray();
    expect(page).toEqual([{ seq: 106 }, { seq: 108 }, { seq: 110 }]);
    const hidden = await items.findOne({ _id: 1 }, { projection: { text: 0, group: 0 } });
    expect(hidden).toEqual({ _id: 1, tenantId: 't1', seq: 1 });
  });

  it('finds 200 ids at once', async () => {
    const ids = Array.from({ length: 200 }, (_, index) => index * 3);
    expect(await items.find({ _id: { $in: ids } }).toArray()).toHaveLength(200);
  });

  it('filters with $expr, $or, $regex, $exists, $elemMatch and $not', async () => {
    expect(await items.countDocuments({ $expr: { $eq: ['$seq', { $add: ['$group', 10] }] } })).toBe(10);
    expect(await items.countDocuments({ $or: [{ seq: 1 }, { seq: 2 }, { text: /^item 3$/ }] })).toBe(3);
    expect(await items.countDocuments({ missing: { $exists: false } })).toBe(COUNT);
    expect(await items.countDocuments({ seq: { $not: { $gte: 10 } } })).toBe(10);
    await db.collection('arrays').insertMany([{ a: [{ k: 1, v: 1 }] }, { a: [{ k: 1, v: 2 }] }, { a: [] }]);
    expect(await db.collection('arrays').countDocuments({ a: { $elemMatch: { k: 1, v: 2 } } })).toBe(1);
    expect(await db.collection('arrays').countDocuments({ 'a.0': { $exists: true } })).toBe(2);
  });

  it('counts and lists distinct values', async () => {
    expect(await items.countDocuments({ tenantId: 't1' })).toBe(COUNT / 2);
    expect(await items.estimatedDocumentCount()).toBe(COUNT);
    expect((await items.distinct('group', { tenantId: 't0' })).sort()).toEqual([0, 2, 4, 6, 8]);
  });

  it('aggregates: $match, $group, $sort, $lookup, $facet, $unwind', async () => {
    const grouped = await items
      .aggregate([
        { $match: { tenantId: 't0' } },
        { $group: { _id: '$group', n: { $sum: 1 }, max: { $max: '$seq' } } },
        { $sort: { _id: 1 } },
      ])
      .toArray();
    expect(grouped[0]).toEqual({ _id: 0, n: 100, max: 990 });
    expect(grouped).toHaveLength(5);
    await db.collection('groups').insertMany([{ _id: 1 as never, name: 'one' }]);
    const joined = await items
      .aggregate([
        { $match: { _id: 11 } },
        { $lookup: { from: 'groups', localField: 'group', foreignField: '_id', as: 'group' } },
        { $unwind: '$group' },
        { $project: { _id: 0, name: '$group.name' } },
      ])
      .toArray();
    expect(joined).toEqual([{ name: 'one' }]);
    const [facets] = await items
      .aggregate([
        {
          $facet: {
            total: [{ $count: 'n' }],
            first: [{ $sort: { seq: 1 } }, { $limit: 1 }, { $project: { seq: 1, _id: 0 } }],
          },
        },
      ])
      .toArray();
    expect(facets).toEqual({ total: [{ n: COUNT }], first: [{ seq: 0 }] });
    const all = await items.aggregate([{ $group: { _id: '$seq' } }], { batchSize: 20 }).toArray();
    expect(all).toHaveLength(COUNT);
  });

  it('closes a cursor that is not read to its end', async () => {
    const cursor = items.find({}).sort({ group: 1 }).batchSize(5);
    await cursor.next();
    const open = async (): Promise<number> => {
      const status = await db.admin().serverStatus();
      return (status['metrics'] as { cursor: { open: { total: number } } }).cursor.open.total;
    };
    expect(await open()).toBe(1);
    await cursor.close();
    expect(await open()).toBe(0);
  });

  it('answers a getMore of an unknown cursor with CursorNotFound', async () => {
    const { Long } = await import('mongodb');
    await expect(db.command({ getMore: Long.fromNumber(12345), collection: 'items' })).rejects.toMatchObject({
      code: 43,
    });
  });

  it('reads documents of several megabytes', async () => {
    const text = 'x'.repeat(9_000_000);
    await db.collection('large').insertMany([{ text }, { text }]);
    const found = await db.collection('large').find({}).toArray();
    expect(found.map((document) => (document['text'] as string).length)).toEqual([9_000_000, 9_000_000]);
  });

  it('answers unknown commands with CommandNotFound', async () => {
    await expect(db.command({ frobnicate: 1 })).rejects.toMatchObject({ code: 59, codeName: 'CommandNotFound' });
  });

  it('explains a query', async () => {
    expect(await items.find({ seq: 1 }).explain()).toMatchObject({ ok: 1, queryPlanner: { namespace: 'reads.items' } });
  });
});
