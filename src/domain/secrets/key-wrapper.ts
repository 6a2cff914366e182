/** A data key under a key of the installation. */
export interface WrappedKey {
  /** Which key of the installation it is wrapped with. */
  readonly keyId: string;
  /** As the wrapper needs it to unwrap; says nothing to anybody else. */
  readonly data: Uint8Array;
}

/**
 * Wraps the keys that secrets are sealed with, and unwraps them: a key file, or a key management service, whose keys never leave it.
 */
export abstract class KeyWrapper {
  /** The key that `wrap` uses. */
  abstract readonly currentKeyId: string;
  /** `context` says what the key is for: unwrapping it for anything else fails. */
  abstract wrap(key: Uint8Array, context: string): Promise<WrappedKey>;
  /** null when its key is not here, or it was not wrapped for this context. */
  abstract unwrap(wrapped: WrappedKey, context: string): Promise<Uint8Array | null>;
}
