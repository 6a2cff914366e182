import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { open } from 'node:fs/promises';
import { DomainError } from '../../domain/errors/domain-error.js';
import { Configuration } from '../../platform/config/configuration.js';

/** Who may write it says who may spawn. */
const WRITABLE_BY_OTHERS = 0o022;
const LARGEST_BYTES = 1024 * 1024;

type Keys = ReadonlyMap<string, KeyObject>;

interface Reading {
  /** Tells one state of the file from the next. */
  readonly stamp: string;
  readonly keys: Keys;
}

/** The public keys that signed manifests are checked with: a JSON Web Key Set (RFC 7517, RFC 8037), read anew when it changes. */
@Injectable()
export class ManifestKeys implements OnModuleInit {
  private readonly logger = new Logger(ManifestKeys.name);
  private last: Reading | null = null;

  constructor(private readonly configuration: Configuration) {}

  /** @throws DomainError CONFIGURATION_INVALID, so that a file with a fault is noticed at the start */
  async onModuleInit(): Promise<void> {
    await this.read();
  }

  /** null when no key of that name is trusted; also while the file cannot be used, which is logged. */
  async find(keyId: string): Promise<KeyObject | null> {
    try {
      return (await this.read()).get(keyId) ?? null;
    } catch (error) {
      this.logger.error({ msg: 'the keys of signed manifests cannot be read: all are refused', err: error });
      return null;
    }
  }

  private async read(): Promise<Keys> {
    const path = this.configuration.manifestKeysFile;
    if (path === undefined) return new Map();
    const file = await open(path, 'r').catch((cause: unknown) => {
      throw refused(path, 'it cannot be read', cause);
    });
    try {
      const { mode, size, mtimeMs, ctimeMs, ino } = await file.stat();
      const stamp = [ino, size, mtimeMs, ctimeMs].join(' ');
      if (this.last?.stamp === stamp) return this.last.keys;
      if ((mode & WRITABLE_BY_OTHERS) !== 0) throw refused(path, 'others than its owner can write it; make it 0644');
      if (size > LARGEST_BYTES) throw refused(path, `it is longer than ${LARGEST_BYTES} bytes`);
      const keys = keysIn(path, await file.readFile('utf8'));
      this.last = { stamp, keys };
      return keys;
    } finally {
      await file.close();
    }
  }
}

function keysIn(path: string, text: string): Keys {
  const keys = new Map<string, KeyObject>();
  for (const [index, jwk] of jwksIn(path, text).entries()) {
    const { kty, crv, kid, d } = jwk;
    const at = `key number ${index}`;
    if (kty !== 'OKP' || crv !== 'Ed25519') throw refused(path, `${at} is not an Ed25519 key (kty OKP, crv Ed25519)`);
    if (d !== undefined) throw refused(path, `${at} is a private key: only its public part belongs here`);
    if (typeof kid !== 'string' || kid === '') throw refused(path, `${at} has no name (kid)`);
    if (keys.has(kid)) throw refused(path, `${at} has a name that another one has: ${kid}`);
    try {
      keys.set(kid, createPublicKey({ key: jwk, format: 'jwk' }));
    } catch (cause) {
      throw refused(path, `${at} cannot be read`, cause);
    }
  }
  return keys;
}

function jwksIn(path: string, text: string): readonly JsonWebKey[] {
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch (cause) {
    throw refused(path, 'it is no JSON', cause);
  }
  const keys: unknown = typeof set === 'object' && set !== null && 'keys' in set ? set.keys : undefined;
  const isKey = (key: unknown): key is JsonWebKey => typeof key === 'object' && key !== null && !Array.isArray(key);
  if (!Array.isArray(keys) || !keys.every(isKey)) throw refused(path, 'it is no JSON Web Key Set: {"keys": [{…}]}');
  return keys;
}

const refused = (path: string, detail: string, cause?: unknown): DomainError =>
  new DomainError('CONFIGURATION_INVALID', `The keys of signed manifests in ${path} cannot be used.`, {
    faults: [{ pointer: 'MANIFEST_KEYS_FILE', detail }],
    cause,
  });
