import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import {
  IdempotencyRecords,
  type ClaimOutcome,
  type IdempotencyClaim,
  type KeptAnswer,
} from '../../domain/idempotency/idempotency-records.js';
import { driverCollection } from '../database/driver-collection.js';
import { isDuplicateKey } from '../database/is-duplicate-key.js';
import { IDEMPOTENCY_KEYS, type IdempotencyKeyRecord } from './idempotency-key.schema.js';

/** Filter part: a date field lies longer back than this, by the database's clock. */
const olderThan = (field: 'createdAt' | 'renewedAt', ms: number): Record<string, unknown> => ({
  $lt: [`$${field}`, { $subtract: ['$$NOW', ms] }],
});

@Injectable()
export class MongoIdempotencyRecords extends IdempotencyRecords {
  private readonly collection: mongo.Collection<IdempotencyKeyRecord>;

  constructor(@InjectModel(IDEMPOTENCY_KEYS) model: Model<IdempotencyKeyRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  async claim(claim: IdempotencyClaim, leaseMs: number, keepMs: number): Promise<ClaimOutcome> {
    if (await this.insert(claim)) return { kind: 'claimed' };
    if (await this.takeOver(claim, leaseMs, keepMs)) return { kind: 'claimed' };
    const found = await this.collection.findOne({ _id: claim.id });
    // Released between the two reads: whoever repeats the request now will get it.
    if (found === null) return { kind: 'running' };
    if (found.fingerprint !== claim.fingerprint) return { kind: 'other-request' };
    if (found.answer === null) return { kind: 'running' };
    const { status, headers, sealedBody } = found.answer;
    return { kind: 'answered', answer: { status, headers, sealedBody: bytesOf(sealedBody) } };
  }

  async renew({ id, owner }: IdempotencyClaim): Promise<void> {
    await this.collection.updateOne({ _id: id, owner }, { $currentDate: { renewedAt: true } });
  }

  async complete({ id, owner }: IdempotencyClaim, answer: KeptAnswer): Promise<void> {
    await this.collection.updateOne({ _id: id, owner, answer: null }, { $set: { answer } });
  }

  async release({ id, owner }: IdempotencyClaim): Promise<void> {
    await this.collection.deleteOne({ _id: id, owner, answer: null });
  }

  async sweep(keepMs: number): Promise<void> {
    await this.collection.deleteMany({ $expr: olderThan('createdAt', keepMs) });
  }

  /** An upsert rather than an insert, because only an update can take the database's time. */
  private async insert({ id, owner, tenantId, fingerprint }: IdempotencyClaim): Promise<boolean> {
    try {
      const { upsertedCount } = await this.collection.updateOne(
        { _id: id, owner },
        {
          $setOnInsert: { tenantId: new Types.ObjectId(tenantId), fingerprint, answer: null },
          $currentDate: { createdAt: true, renewedAt: true },
        },
        { upsert: true },
      );
      return upsertedCount === 1;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  /** Takes a record that is too old, or whose owner died while answering the same request. */
  private async takeOver(
    { id, owner, fingerprint }: IdempotencyClaim,
    leaseMs: number,
    keepMs: number,
  ): Promise<boolean> {
    const { matchedCount } = await this.collection.updateOne(
      {
        _id: id,
        $or: [
          { $expr: olderThan('createdAt', keepMs) },
          { fingerprint, answer: null, $expr: olderThan('renewedAt', leaseMs) },
        ],
      },
      { $set: { owner, fingerprint, answer: null }, $currentDate: { createdAt: true, renewedAt: true } },
    );
    return matchedCount === 1;
  }
}

/** The driver gives bytes back in a wrapper of its own. */
function bytesOf(value: Uint8Array | mongo.Binary): Uint8Array {
  return value instanceof Uint8Array ? value : value.buffer.subarray(0, value.position);
}
