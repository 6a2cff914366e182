import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Collection, MongoClient, MongoServerError } from 'mongodb';
import { RunningServer } from './support/running-server.js';
import type { Thing } from './support/thing.js';

describe('transactions', () => {
  let running: RunningServer;
  let client: MongoClient;
  let accounts: Collection<Thing>;

  beforeAll(async () => {
    running = await RunningServer.start();
    client = await running.connect();
    accounts = client.db('bank').collection('accounts');
  });
  afterAll(async () => running.dispose());
  beforeEach(async () => {
    await accounts.deleteMany({});
    await accounts.insertMany([
      { _id: 'a', balance: 10 },
      { _id: 'b', balance: 10 },
    ]);
  });

  const openTransactions = async (): Promise<number> => {
    const status = await client.db().admin().serverStatus();
    return (status['transactions'] as { currentOpen: number }).currentOpen;
  };

  it('shows all of it to others after the commit, and nothing before', async () => {
    await client.withSession(async (session) => {
      session.startTransaction({ readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' } });
      await accounts.updateOne({ _id: 'a' }, { $inc: { balance: -5 } }, { session });
      await accounts.updateOne({ _id: 'b' }, { $inc: { balance: 5 } }, { session });
      expect(await accounts.findOne({ _id: 'b' }, { session })).toMatchObject({ balance: 15 });
      expect(await accounts.findOne({ _id: 'b' })).toMatchObject({ balance: 10 });
      await session.commitTransaction();
    });
    expect(await accounts.find().sort({ _id: 1 }).toArray()).toEqual([
      { _id: 'a', balance: 5 },
      { _id: 'b', balance: 15 },
    ]);
  });

  it('takes everything back at an abort', async () => {
    await client.withSession(async (session) => {
      session.startTransaction();
      await accounts.insertOne({ _id: 'c' }, { session });
      await client.db('bank').collection('fresh').insertOne({ x: 1 }, { session });
      await session.abortTransaction();
    });
    expect(await accounts.countDocuments()).toBe(2);
    expect(await client.db('bank').collection('fresh').countDocuments()).toBe(0);
  });

  it('reads one snapshot throughout', async () => {
    await client.withSession(async (session) => {
      session.startTransaction({ readConcern: { level: 'snapshot' } });
      expect(await accounts.findOne({ _id: 'a' }, { session })).toMatchObject({ balance: 10 });
      await accounts.updateOne({ _id: 'a' }, { $set: { balance: 99 } });
      expect(await accounts.findOne({ _id: 'a' }, { session })).toMatchObject({ balance: 10 });
      await session.commitTransaction();
    });
  });

  it('fails with a transient WriteConflict while another one holds the document', async () => {
    const [first, second] = [client.startSession(), client.startSession()];
    try {
      first.startTransaction();
      second.startTransaction();
      await accounts.updateOne({ _id: 'a' }, { $set: { by: 'first' } }, { session: first });
      const error = (await accounts
        .updateOne({ _id: 'a' }, { $set: { by: 'second' } }, { session: second })
        .catch((reason: unknown) => reason)) as MongoServerError;
      expect(error).toMatchObject({ code: 112 });
      expect(error.hasErrorLabel('TransientTransactionError')).toBe(true);
      await first.commitTransaction();
      expect(await accounts.findOne({ _id: 'a' })).toMatchObject({ by: 'first' });
    } finally {
      await Promise.all([first.endSession(), second.endSession()]);
    }
  });

  it('fails with a transient WriteConflict after another one changed the document', async () => {
    await client.withSession(async (session) => {
      session.startTransaction();
      await accounts.findOne({ _id: 'a' }, { session });
      await accounts.updateOne({ _id: 'a' }, { $set: { by: 'other' } });
      const error = (await accounts
        .updateOne({ _id: 'a' }, { $set: { by: 'me' } }, { session })
        .catch((reason: unknown) => reason)) as MongoServerError;
      expect(error).toMatchObject({ code: 112 });
      expect(error.hasErrorLabel('TransientTransactionError')).toBe(true);
    });
  });

  it('lets withTransaction retry until all increments are in', async () => {
    await Promise.all(
      Array.from({ length: 8 }, async () =>
        client.withSession(async (session) =>
          session.withTransaction(async () => {
            const account = await accounts.findOne({ _id: 'a' }, { session });
            await accounts.updateOne(
              { _id: 'a' },
              { $set: { balance: (account?.['balance'] as number) + 1 } },
              { session },
            );
          }),
        ),
      ),
    );
    expect(await accounts.findOne({ _id: 'a' })).toMatchObject({ balance: 18 });
  });

  it('ends at an error in it', async () => {
    await client.withSession(async (session) => {
      session.startTransaction();
      await accounts.insertOne({ _id: 'c' }, { session });
      await expect(accounts.insertOne({ _id: 'a' }, { session })).rejects.toMatchObject({ code: 11000 });
      await expect(session.commitTransaction()).rejects.toMatchObject({ code: 251 });
    });
    expect(await accounts.countDocuments()).toBe(2);
    expect(await openTransactions()).toBe(0);
  });

  it('takes a commit that is sent again', async () => {
    await client.withSession(async (session) => {
      session.startTransaction();
      await accounts.insertOne({ _id: 'c' }, { session });
      await session.commitTransaction();
      await session.commitTransaction();
    });
    expect(await accounts.countDocuments({ _id: 'c' })).toBe(1);
  });

  it('reads a cursor past its first batch inside', async () => {
    await accounts.insertMany(Array.from({ length: 300 }, (_, n) => ({ n })));
    await client.withSession(async (session) => {
      session.startTransaction();
      expect(await accounts.find({}, { session, batchSize: 50 }).sort({ n: 1 }).toArray()).toHaveLength(302);
      await session.commitTransaction();
    });
  });
});
