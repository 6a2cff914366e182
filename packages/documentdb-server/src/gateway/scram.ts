import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

/** The server's side of SCRAM-SHA-256 (RFC 7677), as MongoDB drivers speak it. */

const ITERATIONS = 15_000;

/** What the server keeps of a password: enough to check it, not enough to be the client. */
export class ScramCredentials {
  readonly salt = randomBytes(28);
  readonly iterations = ITERATIONS;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;

  constructor(
    readonly username: string,
    password: string,
  ) {
    // RFC 7677 asks for SASLprep; for the passwords accepted here (see options) it changes nothing.
    const salted = pbkdf2Sync(password, this.salt, this.iterations, 32, 'sha256');
    this.storedKey = sha256(hmac(salted, 'Client Key'));
    this.serverKey = hmac(salted, 'Server Key');
  }
}

/** Thrown when a client did not prove that it knows the password. Deliberately without detail. */
export class ScramError extends Error {
  readonly code = 'AUTHENTICATION_FAILED';

  constructor() {
    super('Authentication failed.');
    this.name = 'ScramError';
  }
}

/** One run of the exchange: first message, then final message. */
export class ScramExchange {
  private readonly nonce: string;
  private readonly clientFirstBare: string;
  private readonly serverFirst: string;
  private readonly knownUser: boolean;

  /** @throws ScramError when the client's first message makes no sense */
  constructor(
    private readonly credentials: ScramCredentials,
    clientFirst: string,
  ) {
    const match = /^n,(?:a=[^,]*)?,(n=([^,]*),r=([^,]+).*)$/.exec(clientFirst);
    if (!match) throw new ScramError();
    const [, bare = '', user = '', clientNonce = ''] = match;
    this.clientFirstBare = bare;
    this.knownUser = user.replaceAll('=2C', ',').replaceAll('=3D', '=') === credentials.username;
    this.nonce = clientNonce + randomBytes(24).toString('base64');
    this.serverFirst = `r=${this.nonce},s=${credentials.salt.toString('base64')},i=${String(credentials.iterations)}`;
  }

  challenge(): string {
    return this.serverFirst;
  }

  /** Checks the client's proof and gives the server's. @throws ScramError */
  finish(clientFinal: string): string {
    const match = /^(c=([^,]+),r=([^,]+)),p=([^,]+)$/.exec(clientFinal);
    if (!match) throw new ScramError();
    const [, withoutProof = '', , nonce = '', proofText = ''] = match;
    const authMessage = `${this.clientFirstBare},${this.serverFirst},${withoutProof}`;
    const proof = Buffer.from(proofText, 'base64');
    const signature = hmac(this.credentials.storedKey, authMessage);
    if (nonce !== this.nonce || proof.length !== signature.length) throw new ScramError();
    const clientKey = Buffer.from(proof.map((byte, index) => byte ^ (signature[index] ?? 0)));
    // An unknown user costs the same time and gets the same answer as a wrong password.
    if (!timingSafeEqual(sha256(clientKey), this.credentials.storedKey) || !this.knownUser) throw new ScramError();
    return `v=${hmac(this.credentials.serverKey, authMessage).toString('base64')}`;
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}
