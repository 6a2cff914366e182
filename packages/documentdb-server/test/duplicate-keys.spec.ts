import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MongoBulkWriteError, MongoServerError, type Collection } from 'mongodb';
import { RunningServer } from './support/running-server.js';
import type { Thing } from './support/thing.js';

describe('duplicate keys', () => {
  let running: RunningServer;
  let things: Collection<Thing>;

  beforeAll(async () => {
    running = await RunningServer.start();
    things = (await running.connect()).db('writes').collection('things');
    await things.createIndex(
      { tenantId: 1, name: 1 },
      { unique: true, partialFilterExpression: { name: { $exists: true } } },
      {},
    );
  });
  afterAll(async () => running.dispose());
  beforeEach(async () => {
    await things.deleteMany({});
    await things.insertOne({ _id: 1, tenantId: 't1', name: 'taken' });
    await things.insertOne({ _id: 2, tenantId: 't1', name: 'other' });
  });

  const expected = {
    code: 11000,
    keyPattern: { tenantId: 1, name: 1 },
    keyValue: { tenantId: 't1', name: 'taken' },
    message:
      'E11000 duplicate key error collection: writes.things index: tenantId_1_name_1 dup key: { tenantId: "t1", name: "taken" }',
  };

  it('names key and value after an insert', async () => {
    const error = await things.insertOne({ tenantId: 't1', name: 'taken' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MongoServerError);
    expect(error).toMatchObject(expected);
  });

  it('names key and value after an update', async () => {
    const error = await things.updateOne({ _id: 2 }, { $set: { name: 'taken' } }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 11000, message: expected.message });
    expect((error as MongoServerError).errorResponse).toMatchObject({
      keyPattern: expected.keyPattern,
      keyValue: expected.keyValue,
    });
  });

  it('names key and value after a findAndModify', async () => {
    const error = await things
      .findOneAndUpdate({ _id: 2 }, { $set: { name: 'taken' } })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject(expected);
  });

  it('names the key after an upsert on _id', async () => {
    const error = await things
      .updateOne({ _id: 1, tenantId: 'nobody' }, { $set: { x: 1 } }, { upsert: true })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 11000, message: expect.stringContaining('index: _id_ dup key: { _id: 1 }') });
  });

  it('ends an ordered insertMany at the duplicate', async () => {
    const documents = [{ _id: 3 }, { _id: 1 }, { _id: 4 }].map((document) => ({
      ...document,
      tenantId: 't2',
      name: String(document._id),
    }));
    const error = (await things.insertMany(documents).catch((reason: unknown) => reason)) as MongoBulkWriteError;
    expect(error).toBeInstanceOf(MongoBulkWriteError);
    expect(error.insertedCount).toBe(1);
    expect(error.writeErrors).toMatchObject([{ index: 1, code: 11000 }]);
    expect(await things.countDocuments({ tenantId: 't2' })).toBe(1);
  });

  it('goes on after the duplicate in an unordered insertMany', async () => {
    const documents = [{ _id: 3 }, { _id: 1 }, { _id: 2 }, { _id: 4 }].map((document) => ({
      ...document,
      tenantId: 't2',
      name: String(document._id),
    }));
    const error = (await things
      .insertMany(documents, { ordered: false })
      .catch((reason: unknown) => reason)) as MongoBulkWriteError;
    expect(error.insertedCount).toBe(2);
    expect([error.writeErrors].flat().map(({ index }) => index)).toEqual([1, 2]);
  });
});
