import { Injectable } from '@nestjs/common';
import { verify } from 'node:crypto';
import type { AgentManifest, SignedManifest } from '../../domain/agent-manager/signed-manifest.js';
import { SIGNED_MANIFEST_SCHEMA } from '../../domain/agent-manager/signed-manifest-schema.js';
import { DomainError, type Fault } from '../../domain/errors/domain-error.js';
import type { TenantId } from '../../domain/ids.js';
import { canonicalJson } from '../../platform/crypto/canonical-json.js';
import { sha256 } from '../../platform/crypto/digest.js';
import { schemaFaults } from '../../platform/schemas/schema-faults.js';
import { ManifestKeys } from './manifest-keys.js';

/** How far the clocks of who signs and of Muster may be apart. */
const SKEW_MS = 60_000;
const ROOT = '/signed_manifest';

/** A manifest whose signature is good, that holds now and for this tenant. */
export interface VerifiedManifest {
  readonly manifest: AgentManifest;
  /** SHA-256, in hex, over its canonical JSON. */
  readonly digest: string;
}

/** Reads signed manifests, and believes those that a trusted key has signed. */
@Injectable()
export class SignedManifests {
  constructor(private readonly keys: ManifestKeys) {}

  /** @throws DomainError SIGNED_MANIFEST_INVALID with every fault that can be told */
  async verify(given: object, tenantId: TenantId, now = new Date()): Promise<VerifiedManifest> {
    const unfit = schemaFaults(SIGNED_MANIFEST_SCHEMA, given);
    if (unfit.length > 0) throw manifestRefused(unfit);
    // What fits the schema is what its type says.
    const { manifest, signature } = given as SignedManifest;
    const text = canonicalJson(manifest);
    const key = await this.keys.find(manifest.keyId);
    const untrusted: Fault = { pointer: '/manifest/keyId', detail: 'is no key that this Muster trusts' };
    if (key === null) throw manifestRefused([untrusted, ...timeFaults(manifest, now)]);
    const isSigned = verify(null, Buffer.from(text, 'utf8'), key, Buffer.from(signature, 'base64url'));
    const unsigned: Fault = { pointer: '/signature', detail: "is not this key's over the canonical JSON of manifest" };
    const foreign: Fault = { pointer: '/manifest/tenantId', detail: 'is another tenant' };
    const faults = [
      ...(isSigned ? [] : [unsigned]),
      ...(manifest.tenantId === tenantId ? [] : [foreign]),
      ...timeFaults(manifest, now),
    ];
    if (faults.length > 0) throw manifestRefused(faults);
    return { manifest, digest: sha256(text) };
  }
}

/** Thrown where a signed manifest is wanted and none allows what is asked; pointers lead into it. */
export function manifestRefused(faults: readonly Fault[]): DomainError {
  return new DomainError(
    'SIGNED_MANIFEST_INVALID',
    'An agent of this profile needs a signed manifest that is valid now, for this tenant, and for what is asked; errors says what is wrong.',
    { faults: faults.map(({ pointer, detail }) => ({ pointer: `${ROOT}${pointer}`, detail })) },
  );
}

function timeFaults({ issuedAt, expiresAt }: AgentManifest, now: Date): readonly Fault[] {
  const [from, until] = [Date.parse(issuedAt), Date.parse(expiresAt)];
  // Comparisons with what is no time are false, so each is asked for what it has to be.
  return [
    ...(from <= now.getTime() + SKEW_MS ? [] : [{ pointer: '/manifest/issuedAt', detail: 'lies in the future' }]),
    ...(until > now.getTime() ? [] : [{ pointer: '/manifest/expiresAt', detail: 'is over' }]),
    ...(until > from ? [] : [{ pointer: '/manifest/expiresAt', detail: 'must be later than issuedAt' }]),
  ];
}
