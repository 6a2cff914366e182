import type { JsonObject } from '../../domain/json.js';

/** A stored AIEOS document, to the letter: it is kept as JSON text, which BSON would change. */
export const toIdentity = (text: string | null): JsonObject | null =>
  text === null ? null : (JSON.parse(text) as JsonObject);

export const fromIdentity = (identity: JsonObject | null): string | null =>
  identity === null ? null : JSON.stringify(identity);
