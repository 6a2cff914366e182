import { createHash, randomBytes } from 'node:crypto';
import { KeyWrapper, type WrappedKey } from '../../domain/secrets/key-wrapper.js';
import { AES_KEY_BYTES, joinSealed, openBytes, sealBytes, splitSealed } from './aes-gcm.js';
import { PrivateFile } from './private-file.js';

/** Wraps with a key that a file holds; unwraps with those of older files too. AES-256-GCM in both. */
export class KeyFileWrapper extends KeyWrapper {
  readonly currentKeyId: string;
  private readonly keys: ReadonlyMap<string, Uint8Array>;

  constructor(
    private readonly current: Uint8Array,
    old: readonly Uint8Array[] = [],
  ) {
    super();
    this.currentKeyId = idOf(current);
    this.keys = new Map([current, ...old].map((key) => [idOf(key), key]));
  }

  /**
   * With the key of the first file, which is made when there is none, and those of the others, which have to be there.
   * @throws DomainError CONFIGURATION_INVALID when others can read a file, it holds something else, or it cannot be made
   */
  static async of(path: string, oldPaths: readonly string[]): Promise<KeyFileWrapper> {
    const file = new PrivateFile('SECRETS_KEY_FILE', 'key of the secrets', path);
    const current = parse(file, (await file.read()) ?? (await file.make(newKey())));
    const old = await Promise.all(oldPaths.map(async (oldPath) => readOld(oldPath)));
    return new KeyFileWrapper(current, old);
  }

  async wrap(key: Uint8Array, context: string): Promise<WrappedKey> {
    const data = joinSealed(sealBytes(this.current, key, context));
    return Promise.resolve({ keyId: this.currentKeyId, data });
  }

  async unwrap({ keyId, data }: WrappedKey, context: string): Promise<Uint8Array | null> {
    const key = this.keys.get(keyId);
    return Promise.resolve(key === undefined ? null : openBytes(key, splitSealed(data), context));
  }
}

async function readOld(path: string): Promise<Uint8Array> {
  const file = new PrivateFile('SECRETS_OLD_KEY_FILES', 'old key of the secrets', path);
  const text = await file.read();
  if (text === null) throw file.refused(`${path} is not there`);
  return parse(file, text);
}

/** The key has 256 random bits, so a digest of it gives nothing away. */
const idOf = (key: Uint8Array): string =>
  createHash('sha256').update('muster secrets key').update(key).digest('hex').slice(0, 16);

const newKey = (): string => `${randomBytes(AES_KEY_BYTES).toString('hex')}\n`;

function parse(file: PrivateFile, text: string): Uint8Array {
  if (!/^[0-9a-f]{64}\n?$/.test(text)) {
    throw file.refused(`${file.path} does not hold a key: 64 lower-case hex digits, which are 256 random bits`);
  }
  return Buffer.from(text.trim(), 'hex');
}
