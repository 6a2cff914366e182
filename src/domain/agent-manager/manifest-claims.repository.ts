import type { AgentInstanceId, ProjectId, TenantId } from '../ids.js';

/** Which agent a signed manifest may become. Settled once and for ever, so that it never becomes two. */
export interface ManifestClaim {
  readonly tenantId: TenantId;
  /** Of the manifest: SHA-256, in hex, over its canonical JSON. */
  readonly digest: string;
  readonly projectId: ProjectId;
  readonly instanceId: AgentInstanceId;
  /** Tells the request that used it from any other; null when it named no Idempotency-Key. */
  readonly request: string | null;
}

export abstract class ManifestClaims {
  /** @returns the claim on this manifest: this one, or the one that was there before */
  abstract settle(claim: ManifestClaim): Promise<ManifestClaim>;
}
