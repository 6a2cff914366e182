import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { PrivateFile } from './private-file.js';

/**
 * Reads the Ed25519 private key (PKCS #8, PEM) of a file; makes file and key when there is none. Of two processes that
 * make it at once, both get the same key.
 * @throws DomainError CONFIGURATION_INVALID when others can read the file, it holds something else, or it cannot be made
 */
export async function signingKey(path: string): Promise<KeyObject> {
  const file = new PrivateFile('SIGNING_KEY_FILE', 'signing key', path);
  return parse(file, (await file.read()) ?? (await file.make(newKey())));
}

const newKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

function parse(file: PrivateFile, pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    throw file.refused('it holds no private key in PEM', error);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw file.refused('its key is not an Ed25519 key');
  return key;
}
