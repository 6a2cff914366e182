import { Schema, type Types } from 'mongoose';
import type { PoolState } from '../../domain/pool/pool-container.js';

export const POOL_CONTAINER_MODEL = 'PoolContainer';

/** A document of `pool_containers`. It belongs to no tenant: what waits there knows nothing of anybody. */
export interface PoolContainerRecord {
  _id: Types.ObjectId;
  pool: string;
  state: PoolState;
  memoryMiB: number;
  containerId: string | null;
  /** Documents of earlier versions have none. */
  startedAt?: Date | null;
  preparedBy: string;
  claimedBy: Types.ObjectId | null;
  createdAt: Date;
}

const { ObjectId } = Schema.Types;

export const poolContainerSchema = new Schema<PoolContainerRecord>(
  {
    pool: { type: String, required: true },
    state: { type: String, required: true },
    memoryMiB: { type: Number, required: true },
    containerId: { type: String, default: null },
    startedAt: { type: Date, default: null },
    preparedBy: { type: String, required: true },
    claimedBy: { type: ObjectId, default: null },
    createdAt: { type: Date, required: true },
  },
  { collection: 'pool_containers', minimize: false, versionKey: false, strict: true },
);

// finds the longest waiting of a pool: PoolContainers.claim
poolContainerSchema.index({ pool: 1, state: 1, _id: 1 });
