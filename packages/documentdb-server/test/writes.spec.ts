import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Collection, Db, Document } from 'mongodb';
import { RunningServer } from './support/running-server.js';
import type { Thing } from './support/thing.js';

describe('writes', () => {
  let running: RunningServer;
  let db: Db;
  let things: Collection<Thing>;

  beforeAll(async () => {
    running = await RunningServer.start();
    db = (await running.connect()).db('writes');
    things = db.collection('things');
  });
  afterAll(async () => running.dispose());
  beforeEach(async () => {
    await things.createIndex(
      { tenantId: 1, name: 1 },
      { unique: true, partialFilterExpression: { name: { $exists: true } } },
      {},
    );
    await things.deleteMany({});
  });

  it('takes majority and journalled writes as acknowledged', async () => {
    const result = await things.insertOne({ name: 'a' }, { writeConcern: { w: 'majority', journal: true } });
    expect(result.acknowledged).toBe(true);
    expect(await things.countDocuments({ name: 'a' }, { readConcern: { level: 'majority' } })).toBe(1);
  });

  it('takes unacknowledged writes', async () => {
    await things.insertOne({ name: 'quiet' }, { writeConcern: { w: 0 } });
    await things.insertOne({ name: 'loud' });
    expect(await things.countDocuments({})).toBe(2);
  });

  it('keeps every BSON type as it was', async () => {
    const { Binary, Decimal128, Long, ObjectId, Timestamp, UUID } = await import('mongodb');
    const document = {
      _id: new ObjectId(),
      text: 'ümläut \u0000 zero',
      long: Long.fromString('9007199254740993'),
      double: 1.5,
      date: new Date(1_700_000_000_000),
      none: null,
      binary: new Binary(Buffer.from([0, 1, 2, 255])),
      uuid: new UUID(),
      decimal: Decimal128.fromString('1.10'),
      timestamp: new Timestamp({ t: 1, i: 2 }),
      nested: { array: [1, 'two', { three: 3 }], pattern: /a.b/i },
      tenantId: 't',
    };
    await things.insertOne(document);
    expect(await things.findOne({ _id: document._id }, { promoteLongs: false })).toMatchObject({
      text: document.text,
      long: document.long,
      date: document.date,
      decimal: document.decimal,
      nested: document.nested,
    });
  });

  it('carries out a mixed bulk write', async () => {
    const result = await things.bulkWrite([
      { insertOne: { document: { _id: 'a', tenantId: 'b', name: 'a', n: 1 } } },
      { insertOne: { document: { _id: 'b', tenantId: 'b', name: 'b', n: 1 } } },
      { updateMany: { filter: { tenantId: 'b' }, update: { $inc: { n: 1 } } } },
      { updateOne: { filter: { _id: 'c' }, update: { $set: { tenantId: 'b', name: 'c' } }, upsert: true } },
      { deleteOne: { filter: { _id: 'a' } } },
    ]);
    expect(result).toMatchObject({
      insertedCount: 2,
      modifiedCount: 2,
      upsertedCount: 1,
      deletedCount: 1,
      upsertedIds: { 3: 'c' },
    });
  });

  it('tells upserts from updates', async () => {
    const first = await things.updateOne(
      { _id: 'u' },
      { $set: { v: 1 }, $setOnInsert: { made: true } },
      { upsert: true },
    );
    expect(first).toMatchObject({ matchedCount: 0, upsertedCount: 1, upsertedId: 'u' });
    const second = await things.updateOne(
      { _id: 'u' },
      { $set: { v: 2 }, $setOnInsert: { made: false } },
      { upsert: true },
    );
    expect(second).toMatchObject({ matchedCount: 1, modifiedCount: 1, upsertedCount: 0, upsertedId: null });
    expect(await things.findOne({ _id: 'u' })).toEqual({ _id: 'u', v: 2, made: true });
  });

  it('gives the document before or after a findOneAndUpdate', async () => {
    await things.drop();
    await things.insertOne({ _id: 'f', n: 1 });
    expect(await things.findOneAndUpdate({ _id: 'f' }, { $inc: { n: 1 } }, { returnDocument: 'before' })).toEqual({
      _id: 'f',
      n: 1,
    });
    expect(
      await things.findOneAndUpdate(
        { _id: 'f' },
        { $inc: { n: 1 } },
        { returnDocument: 'after', projection: { _id: 0 } },
      ),
    ).toEqual({ n: 3 });
    expect(await things.findOneAndUpdate({ _id: 'none' }, { $inc: { n: 1 } }, { returnDocument: 'after' })).toBeNull();
    expect(
      await things.findOneAndUpdate({ _id: 'new' }, { $inc: { n: 1 } }, { returnDocument: 'after', upsert: true }),
    ).toEqual({ _id: 'new', n: 1 });
    expect(await things.findOneAndReplace({ _id: 'new' }, { m: 1 }, { returnDocument: 'after' })).toEqual({
      _id: 'new',
      m: 1,
    });
    expect(await things.findOneAndDelete({ _id: 'new' })).toEqual({ _id: 'new', m: 1 });
    expect(
      (await things.findOneAndUpdate({}, { $set: { last: true } }, { sort: { _id: -1 }, includeResultMetadata: true }))
        .lastErrorObject,
    ).toMatchObject({ n: 1, updatedExisting: true });
  });

  it('updates arrays: $push with $each and $slice, $pull, $addToSet, positional operators', async () => {
    await things.insertOne({
      _id: 'arr',
      list: [1, 2],
      items: [
        { id: 'x', n: 1 },
        { id: 'y', n: 1 },
      ],
    });
    await things.updateOne({ _id: 'arr' }, { $push: { list: { $each: [3, 4, 5], $slice: -3 } } } as Document);
    expect(await things.findOne({ _id: 'arr' })).toMatchObject({ list: [3, 4, 5] });
    await things.updateOne({ _id: 'arr' }, {
      $pull: { items: { id: { $in: ['x'] } } },
      $addToSet: { list: 5 },
    } as Document);
    expect(await things.findOne({ _id: 'arr' })).toMatchObject({ list: [3, 4, 5], items: [{ id: 'y', n: 1 }] });
    await things.updateOne({ _id: 'arr', 'items.id': 'y' }, { $inc: { 'items.$.n': 5 } });
    await things.updateOne(
      { _id: 'arr' },
      { $set: { 'items.$[item].seen': true } },
      { arrayFilters: [{ 'item.id': 'y' }] },
    );
    expect(await things.findOne({ _id: 'arr' })).toMatchObject({ items: [{ id: 'y', n: 6, seen: true }] });
  });

  it('updates by pipeline, with the time of the database', async () => {
    await things.insertOne({ _id: 'p', n: 1 });
    const before = Date.now();
    const updated = await things.findOneAndUpdate(
      { _id: 'p', $expr: { $lt: [{ $ifNull: ['$lease.until', new Date(0)] }, '$$NOW'] } },
      [
        {
          $set: {
            n: { $add: ['$n', 1] },
            lease: { until: { $add: ['$$NOW', 60_000] }, epoch: { $add: [{ $ifNull: ['$lease.epoch', 0] }, 1] } },
          },
        },
      ],
      { returnDocument: 'after' },
    );
    expect(updated).toMatchObject({ n: 2, lease: { epoch: 1 } });
    const { lease } = updated as unknown as { lease: { until: Date } };
    expect(lease.until.getTime()).toBeGreaterThanOrEqual(before + 59_000);
    expect(
      await things.findOneAndUpdate({ _id: 'p', $expr: { $lt: ['$lease.until', '$$NOW'] } }, [{ $set: { n: 0 } }]),
    ).toBeNull();
  });

  it('takes $$NOW for a value where it is one', async () => {
    await things.insertOne({ _id: 'text', t: new Date(0) });
    await things.updateMany({}, [{ $set: { now: '$$NOW', text: { $literal: '$$NOW' } } }]);
    await things.updateOne({ $or: [{ $expr: { $lt: ['$t', '$$NOW'] } }] }, { $set: { plain: '$$NOW' } });
    expect(await things.findOne({ _id: 'text' })).toMatchObject({
      now: expect.any(Date),
      text: '$$NOW',
      plain: '$$NOW',
    });
    expect((await things.deleteOne({ $expr: { $gt: ['$t', '$$NOW'] } })).deletedCount).toBe(0);
    const due = { tenantId: null, name: { $exists: false }, $expr: { $lt: ['$t', '$$NOW'] } };
    expect(await things.find(due).toArray()).toHaveLength(1);
    expect(await things.countDocuments(due)).toBe(1);
    expect(await things.distinct('plain', due)).toEqual(['$$NOW']);
    expect(
      await things.aggregate([{ $match: due }, { $project: { _id: 0, past: { $lt: ['$t', '$$NOW'] } } }]).toArray(),
    ).toEqual([{ past: true }]);
  });

  it('matches nothing when a condition of an update does not hold', async () => {
    await things.insertOne({ _id: 'c', revision: 2 });
    const result = await things.updateOne({ _id: 'c', revision: 1 }, { $set: { x: 1 }, $inc: { revision: 1 } });
    expect(result).toMatchObject({ matchedCount: 0, modifiedCount: 0 });
  });

  it('applies concurrent increments of one document all', async () => {
    await things.insertOne({ _id: 'counter', n: 0 });
    await Promise.all(
      Array.from({ length: 100 }, async () => things.updateOne({ _id: 'counter' }, { $inc: { n: 1 } })),
    );
    expect(await things.findOne({ _id: 'counter' })).toMatchObject({ n: 100 });
  });

  it('applies each of many concurrent upserts of one key once', async () => {
    // More than one may say that it inserted (README, what it does not do): the document is what counts.
    await Promise.all(
      Array.from({ length: 20 }, async () => things.updateOne({ _id: 'race' }, { $inc: { n: 1 } }, { upsert: true })),
    );
    await Promise.all(
      Array.from({ length: 20 }, async () =>
        things.findOneAndUpdate({ _id: 'chase' }, { $inc: { n: 1 } }, { upsert: true }),
      ),
    );
    expect(await things.find({ _id: { $in: ['race', 'chase'] } }, { projection: { _id: 0, n: 1 } }).toArray()).toEqual([
      { n: 20 },
      { n: 20 },
    ]);
  });

  it('lets one of many concurrent upserts win, where the filter names its owner', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, async (_, owner) =>
        things.updateOne({ _id: 'claim', owner }, { $setOnInsert: { by: owner } }, { upsert: true }),
      ),
    );
    const winners = outcomes.flatMap((outcome, owner) =>
      outcome.status === 'fulfilled' && outcome.value.upsertedCount === 1 ? [owner] : [],
    );
    expect(winners).toHaveLength(1);
    expect(await things.findOne({ _id: 'claim' })).toMatchObject({ owner: winners[0], by: winners[0] });
  });

  it('refuses what a validator refuses, with code 121', async () => {
    await db.createCollection('strict', { validator: { $jsonSchema: { required: ['name'] } } });
    await expect(db.collection('strict').insertOne({ other: 1 })).rejects.toMatchObject({ code: 121 });
    await db.command({ collMod: 'strict', validator: {} });
    await db.collection('strict').insertOne({ other: 1 });
  });

  it('tells what is wrong with an update', async () => {
    await things.insertOne({ _id: 'w', text: 'x' });
    await expect(things.updateOne({ _id: 'w' }, { $inc: { text: 1 } })).rejects.toMatchObject({ code: 14 });
    await expect(things.updateOne({ _id: 'w' }, { $nonsense: { text: 1 } })).rejects.toMatchObject({
      code: 9,
    });
    await expect(things.updateOne({ _id: 'w' }, { $set: { _id: 'v' } })).rejects.toMatchObject({ code: 66 });
  });

  it('answers commands that it does not know by name, whatever they carry', async () => {
    const client = await running.connect();
    const write = client.bulkWrite([{ name: 'insertOne', namespace: 'writes.things', document: { x: 1 } }]);
    await expect(write).rejects.toMatchObject({ cause: { code: 59 } });
  });

  it('refuses retryable writes in the words that drivers know', async () => {
    const client = await running.connect({ retryWrites: true });
    await expect(client.db('writes').collection('things').insertOne({ x: 1 })).rejects.toThrow(/retryWrites=false/);
  });
});
