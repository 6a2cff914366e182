import type { JsonObject } from '../../domain/json.js';
import type { SpawnProfile } from '../../domain/projects/spawn.js';

/** An agent that somebody wants, as it was asked for. */
export interface SpawnRequest {
  readonly name: string;
  readonly profile: SpawnProfile;
  /** Id or name; the signed manifest's, or the built-in one, when left out. */
  readonly template?: string;
  /** Id or slug; the signed manifest's, or `default`, when left out. */
  readonly project?: string;
  readonly metadata: JsonObject;
  /** Not looked at yet. */
  readonly signedManifest?: object;
  /** The request's Idempotency-Key. */
  readonly idempotencyKey?: string;
}
