import type { TenantId } from '../ids.js';
import type { JsonObject } from '../json.js';
import type { SpawnProfile } from '../projects/spawn.js';

/** What a signature is over, so that one made for something else is worth nothing here. */
export const SIGNED_MANIFEST_TYPE = 'muster/agent-manifest/v1';

/** Says that one agent may be spawned, and which. What is left out is not bound. */
export interface AgentManifest {
  readonly type: typeof SIGNED_MANIFEST_TYPE;
  /** Which trusted key signs. */
  readonly keyId: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  /** Tells two manifests apart that say the same. */
  readonly nonce: string;
  readonly tenantId: TenantId;
  readonly name: string;
  readonly profile: SpawnProfile;
  readonly template: { readonly name: string; readonly version: number; readonly digest: string };
  /** As the template's manifest names it; the installation's own where it names none. */
  readonly image?: string;
  /** A project's slug. */
  readonly project?: string;
  readonly metadata?: JsonObject;
}

export interface SignedManifest {
  readonly manifest: AgentManifest;
  /** Ed25519 over the UTF-8 bytes of the manifest's canonical JSON (RFC 8785), as base64url without padding. */
  readonly signature: string;
}
