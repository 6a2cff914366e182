import { describe, expect, it } from '@jest/globals';
import { deserialize, serialize, type Document } from 'bson';
import { replaceNow } from './replace-now.js';

describe('replaceNow', () => {
  const now = new Date(1_700_000_000_000);
  const inBody = (body: Document): Document =>
    deserialize(replaceNow({ body: Buffer.from(serialize(body)), sequence: undefined }, now).body);

  it('puts the time into expressions of filters and pipelines', () => {
    expect(
      inBody({
        findAndModify: 'c',
        query: { a: 1, $and: [{ $expr: { $lt: ['$t', '$$NOW'] } }] },
        update: [{ $set: { x: { $add: ['$$NOW', 5] } } }],
        new: true,
      }),
    ).toEqual({
      findAndModify: 'c',
      query: { a: 1, $and: [{ $expr: { $lt: ['$t', now] } }] },
      update: [{ $set: { x: { $add: [now, 5] } } }],
      new: true,
    });
    expect(
      inBody({ update: 'c', updates: [{ q: { $expr: { $lt: ['$t', '$$NOW'] } }, u: [{ $set: { at: '$$NOW' } }] }] }),
    ).toEqual({
      update: 'c',
      updates: [{ q: { $expr: { $lt: ['$t', now] } }, u: [{ $set: { at: now } }] }],
    });
    expect(inBody({ delete: 'c', deletes: [{ q: { $expr: { $lt: ['$t', '$$NOW'] } }, limit: 1 }] })).toMatchObject({
      deletes: [{ q: { $expr: { $lt: ['$t', now] } } }],
    });
  });

  it('puts the time into reads', () => {
    const filter = { $expr: { $lt: ['$t', '$$NOW'] } };
    const replaced = { $expr: { $lt: ['$t', now] } };
    expect(inBody({ find: 'c', filter, projection: { age: { $subtract: ['$$NOW', '$t'] } } })).toEqual({
      find: 'c',
      filter: replaced,
      projection: { age: { $subtract: [now, '$t'] } },
    });
    expect(inBody({ count: 'c', query: filter })).toMatchObject({ query: replaced });
    expect(
      inBody({ aggregate: 'c', pipeline: [{ $match: { ...filter, text: '$$NOW' } }, { $project: { now: '$$NOW' } }] }),
    ).toMatchObject({
      pipeline: [{ $match: { ...replaced, text: '$$NOW' } }, { $project: { now } }],
    });
  });

  it('leaves the text alone where it is a value', () => {
    for (const body of [
      { update: 'c', updates: [{ q: { text: '$$NOW' }, u: { $set: { text: '$$NOW' } } }] },
      { update: 'c', updates: [{ q: {}, u: [{ $set: { text: { $literal: '$$NOW' }, other: '$$NOW.x' } }] }] },
      { update: '$$NOW', updates: [{ q: {}, u: { text: '$$NOW' } }] },
    ]) {
      expect(inBody(body)).toEqual(body);
    }
  });

  it('works on documents beside the body, one by one', () => {
    const writes = [
      { q: {}, u: [{ $set: { at: '$$NOW' } }] },
      { q: {}, u: { $set: { a: 1 } } },
    ];
    const { sequence } = replaceNow(
      {
        body: Buffer.from(serialize({ update: 'c' })),
        sequence: Buffer.concat(writes.map((write) => serialize(write))),
      },
      now,
    );
    expect(sequence).toEqual(Buffer.concat([serialize({ q: {}, u: [{ $set: { at: now } }] }), serialize(writes[1]!)]));
  });

  it('hands on the same bytes when there is nothing to do', () => {
    const documents = { body: Buffer.from(serialize({ update: 'c', updates: [] })), sequence: undefined };
    expect(replaceNow(documents, now)).toBe(documents);
  });
});
