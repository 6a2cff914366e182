import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MongoServerError, type Collection } from 'mongodb';
import { RunningServer } from './support/running-server.js';

const AT_ONCE = 20;

describe('writes that meet', () => {
  let running: RunningServer;
  let things: Collection;

  beforeAll(async () => {
    running = await RunningServer.start();
    const client = await running.connect();
    things = client.db('conflicts').collection('things');
    await things.createIndex({ owner: 1, n: 1 }, { unique: true }, {});
  });
  afterAll(async () => running.dispose());

  /** PostgreSQL ends most of these as deadlocks; none of that may reach a client. */
  it('insert one unique key once, and tell all others E11000', async () => {
    for (let n = 1; n <= 10; n += 1) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: AT_ONCE }, async () => things.insertOne({ owner: 'a', n, text: 'x'.repeat(2000) })),
      );
      const refusals = outcomes.flatMap((outcome) =>
        outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
      );
      expect(refusals.map((error) => (error instanceof MongoServerError ? error.code : error))).toEqual(
        Array.from({ length: AT_ONCE - 1 }, () => 11000),
      );
      expect(await things.countDocuments({ owner: 'a', n })).toBe(1);
    }
  });

  it('count every change of one document', async () => {
    await things.insertOne({ owner: 'b', n: 0, count: 0 });
    await Promise.all(
      Array.from({ length: 10 * AT_ONCE }, async () => things.updateOne({ owner: 'b' }, { $inc: { count: 1 } })),
    );
    expect((await things.findOne({ owner: 'b' }))?.['count']).toBe(10 * AT_ONCE);
  });
});
