/** Signs hashes; a key file locally, a KMS elsewhere. */
export abstract class Signer {
  /** Names the key: hex SHA-256 of its public key in SPKI DER, first 16 digits. */
  abstract readonly keyId: string;
  /** The public key as PEM (SPKI). */
  abstract readonly publicKey: string;
  /** Ed25519 signature (RFC 8032), base64url. */
  abstract sign(message: Uint8Array): Promise<string>;
  abstract verify(message: Uint8Array, signature: string): Promise<boolean>;
}
