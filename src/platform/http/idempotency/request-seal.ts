import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { canonicalJson } from '../../crypto/canonical-json.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * What Muster keeps of a request with an idempotency key is sealed with a key made from the caller's own API key. So an
 * answer that holds a secret (a new API key) can be given again to who asked, while the database alone gives nothing
 * away: Muster stores no API key from which the seal could be made.
 */
export class RequestSeal {
  private readonly cipherKey: Uint8Array;
  private readonly fingerprintKey: Uint8Array;

  /** `token` is the caller's API key; `scope` says for whom and what the idempotency key holds. */
  constructor(token: string, scope: readonly string[]) {
    this.id = createHash('sha256').update(canonicalJson(scope)).digest('hex');
    const keys = new Uint8Array(hkdfSync('sha256', token, this.id, 'muster idempotency', 64));
    this.cipherKey = keys.subarray(0, 32);
    this.fingerprintKey = keys.subarray(32);
  }

  /** Names the request's record. */
  readonly id: string;

  /** Tells requests that say the same from those that do not. Keyed, so that a short body cannot be guessed from it. */
  fingerprint(contentType: string, query: string, body: unknown): string {
    const said = canonicalJson([contentType, query, body ?? null]);
    return createHmac('sha256', this.fingerprintKey).update(said).digest('hex');
  }

  /** AES-256-GCM; nonce, tag, then the sealed text. */
  seal(text: string): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.cipherKey, nonce);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  open(sealed: Uint8Array): string {
    const decipher = createDecipheriv('aes-256-gcm', this.cipherKey, sealed.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const text = decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  }
}
