import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ScramCredentials, ScramError, ScramExchange } from './scram.js';

/** A client after RFC 5802, to hold the server against. */
function proofOf(
  password: string,
  clientFirstBare: string,
  serverFirst: string,
): { final: string; serverSignature: string } {
  const fields = new Map(serverFirst.split(',').map((part) => [part[0] ?? '', part.slice(2)]));
  const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const salted = pbkdf2Sync(
    password,
    Buffer.from(fields.get('s') ?? '', 'base64'),
    Number(fields.get('i')),
    32,
    'sha256',
  );
  const clientKey = hmac(salted, 'Client Key');
  const storedKey = createHash('sha256').update(clientKey).digest();
  const withoutProof = `c=biws,r=${fields.get('r') ?? ''}`;
  const authMessage = `${clientFirstBare},${serverFirst},${withoutProof}`;
  const signature = hmac(storedKey, authMessage);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!));
  return {
    final: `${withoutProof},p=${proof.toString('base64')}`,
    serverSignature: hmac(hmac(salted, 'Server Key'), authMessage).toString('base64'),
  };
}

describe('ScramExchange', () => {
  const credentials = new ScramCredentials('a=b,c', 'secret');
  const begin = (user = 'a=3Db=2Cc'): ScramExchange => new ScramExchange(credentials, `n,,n=${user},r=clientnonce`);

  it('lets in who proves the password, and proves that it knows it too', () => {
    const exchange = begin();
    expect(exchange.challenge()).toMatch(/^r=clientnonce.{32},s=.+,i=15000$/);
    const { final, serverSignature } = proofOf('secret', 'n=a=3Db=2Cc,r=clientnonce', exchange.challenge());
    expect(exchange.finish(final)).toBe(`v=${serverSignature}`);
  });

  it('refuses a wrong password, a wrong user and a replayed answer', () => {
    const wrong = begin();
    expect(() => wrong.finish(proofOf('guess', 'n=a=3Db=2Cc,r=clientnonce', wrong.challenge()).final)).toThrow(
      ScramError,
    );
    const stranger = begin('other');
    expect(() => stranger.finish(proofOf('secret', 'n=other,r=clientnonce', stranger.challenge()).final)).toThrow(
      ScramError,
    );
    const first = begin();
    const { final } = proofOf('secret', 'n=a=3Db=2Cc,r=clientnonce', first.challenge());
    expect(() => begin().finish(final)).toThrow(ScramError);
  });

  it.each(['', 'y', 'n,,r=x', 'p=tls-unique,,n=u,r=x'])('refuses a first message "%s"', (message) => {
    expect(() => new ScramExchange(credentials, message)).toThrow(ScramError);
  });

  it.each(['', 'c=biws', 'c=biws,r=x,p=', 'c=biws,r=x,p=AAAA'])('refuses a final message "%s"', (message) => {
    expect(() => begin().finish(message)).toThrow(ScramError);
  });
});
