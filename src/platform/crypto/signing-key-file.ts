import { createPrivateKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { link, open, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DomainError } from '../../domain/errors/domain-error.js';
import { requireFolder } from '../config/require-folder.js';
import { hasErrno } from '../has-errno.js';

const OTHERS = 0o077;

/**
 * Reads the Ed25519 private key (PKCS #8, PEM) of a file; makes file and key when there is none. Of two processes that
 * make it at once, both get the same key.
 * @throws DomainError CONFIGURATION_INVALID when others can read the file, it holds something else, or it cannot be made
 */
export async function signingKey(path: string): Promise<KeyObject> {
  return (await read(path)) ?? (await make(path));
}

async function make(path: string): Promise<KeyObject> {
  await requireFolder('SIGNING_KEY_FILE', dirname(path));
  const { privateKey } = generateKeyPairSync('ed25519');
  const half = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(half, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flush: true });
  try {
    // Unlike rename, link never replaces: who comes second takes the first one's key.
    await link(half, path);
    return privateKey;
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error;
    const winner = await read(path);
    if (winner === null) throw refused(path, 'it disappeared while it was read', error);
    return winner;
  } finally {
    await rm(half, { force: true });
  }
}

async function read(path: string): Promise<KeyObject | null> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw refused(path, 'it cannot be read', error);
  }
  try {
    const { mode } = await file.stat();
    if ((mode & OTHERS) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0');
      throw refused(path, `its mode is ${octal}: others can use it; make it 0600`);
    }
    return parse(path, await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}

function parse(path: string, pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    throw refused(path, 'it holds no private key in PEM', error);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw refused(path, 'its key is not an Ed25519 key');
  return key;
}

function refused(path: string, fault: string, cause?: unknown): DomainError {
  return new DomainError('CONFIGURATION_INVALID', `The signing key ${path} cannot be used.`, {
    faults: [{ pointer: 'SIGNING_KEY_FILE', detail: fault }],
    cause,
  });
}
