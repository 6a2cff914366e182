import type { TenantId } from '../ids.js';

/**
 * Says, outside the database, how far a tenant's log went: a chain cannot show by itself that its tail was cut off.
 * signature = Ed25519 over the RFC 8785 canonical JSON of {tenantId, seq, hash, at}, in base64url.
 */
export interface Checkpoint {
  readonly tenantId: TenantId;
  readonly seq: number;
  readonly hash: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly keyId: string;
  readonly signature: string;
}

/** Where checkpoints are kept. Append-only. */
export abstract class CheckpointStore {
  /** Resolves when it is on disk. */
  abstract append(checkpoint: Checkpoint): Promise<void>;
  /** The last one that was written whole; null when there is none. */
  abstract newest(tenantId: TenantId): Promise<Checkpoint | null>;
}
