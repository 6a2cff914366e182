import type { JsonObject } from '../json.js';

/** What an agent is spawned for. `illuvrse` is production: it takes a signed manifest and a runtime that is a boundary. */
export const SPAWN_PROFILES = ['personal', 'illuvrse'] as const;
export type SpawnProfile = (typeof SPAWN_PROFILES)[number];

export const SPAWN_METADATA_MAX_BYTES = 16 * 1024;
export const SPAWN_METADATA_MAX_DEPTH = 16;

/** A signed manifest, as agents and the event log name it. */
export interface SignedOrigin {
  /** SHA-256, in hex, over its canonical JSON. */
  readonly manifestDigest: string;
  /** The key that signed it. */
  readonly keyId: string | null;
}

/** What was said when an agent was spawned rather than assigned. It starts as soon as it is there. */
export interface Spawn {
  readonly profile: SpawnProfile;
  /** The caller's own: Muster keeps it and does not act on it. */
  readonly metadata: JsonObject;
  /** SHA-256, in hex, over the canonical JSON of the signed manifest; null when none was needed. */
  readonly manifestDigest: string | null;
  /** The key that signed it. */
  readonly keyId: string | null;
}

/** What says whether there is a signed manifest behind an agent. */
export interface Provenance {
  readonly spawn?: Pick<Spawn, 'manifestDigest' | 'keyId'>;
  readonly signedOrigin?: SignedOrigin;
}

/** The signed manifest that an agent was allowed by, or the one that it is a copy of; null: there is none. */
export function signedOriginOf({ spawn, signedOrigin }: Provenance): SignedOrigin | null {
  if (spawn === undefined || spawn.manifestDigest === null) return signedOrigin ?? null;
  return { manifestDigest: spawn.manifestDigest, keyId: spawn.keyId };
}
