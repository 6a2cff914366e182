import type { TenantId } from '../ids.js';

/** Somebody's attempt to answer a request that carries an idempotency key. */
export interface IdempotencyClaim {
  /** Digest of tenant, API key, method, path and idempotency key. */
  readonly id: string;
  readonly tenantId: TenantId;
  /** Digest of what the request says. */
  readonly fingerprint: string;
  /** Names this attempt. */
  readonly owner: string;
}

/** An answer as it is kept. The body is sealed: nobody can read it without the API key that asked. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly sealedBody: Uint8Array;
}

export type ClaimOutcome =
  /** Nobody answered yet, or who tried died: answer it, then complete or release the claim. */
  | { readonly kind: 'claimed' }
  | { readonly kind: 'running' }
  /** The key was used for a request that said something else. */
  | { readonly kind: 'other-request' }
  | { readonly kind: 'answered'; readonly answer: KeptAnswer };

/** The answers to requests with an idempotency key. A claim is held by a lease, by the database's clock. */
export abstract class IdempotencyRecords {
  /** Claims a request. A claim whose lease ended, and anything older than `keepMs`, counts as not there. */
  abstract claim(claim: IdempotencyClaim, leaseMs: number, keepMs: number): Promise<ClaimOutcome>;
  /** Renews the lease. Does nothing when the claim is another's by now. */
  abstract renew(claim: IdempotencyClaim): Promise<void>;
  /** Keeps the answer. Does nothing when the claim is another's by now. */
  abstract complete(claim: IdempotencyClaim, answer: KeptAnswer): Promise<void>;
  /** Forgets the claim, so that the request can be repeated. */
  abstract release(claim: IdempotencyClaim): Promise<void>;
  /** Removes what is older than `keepMs`. */
  abstract sweep(keepMs: number): Promise<void>;
}
