import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { Signer } from '../../domain/events/signer.js';

// With a callback they run in the thread pool.
const signAsync = promisify<null, Uint8Array, KeyObject, Buffer>(sign);
const verifyAsync = promisify<null, Uint8Array, KeyObject, Uint8Array, boolean>(verify);

/** Signs with an Ed25519 key in memory. */
export class KeyFileSigner extends Signer {
  readonly keyId: string;
  readonly publicKey: string;
  private readonly verifying: KeyObject;

  constructor(private readonly key: KeyObject) {
    super();
    this.verifying = createPublicKey(key);
    this.publicKey = this.verifying.export({ type: 'spki', format: 'pem' }).toString();
    const der = this.verifying.export({ type: 'spki', format: 'der' });
    this.keyId = createHash('sha256').update(der).digest('hex').slice(0, 16);
  }

  async sign(message: Uint8Array): Promise<string> {
    return (await signAsync(null, message, this.key)).toString('base64url');
  }

  async verify(message: Uint8Array, signature: string): Promise<boolean> {
    return verifyAsync(null, message, this.verifying, Buffer.from(signature, 'base64url'));
  }
}
