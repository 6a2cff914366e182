import type { FastifyRequest } from 'fastify';

const LOOPBACK = /^(127(\.\d{1,3}){3}|\[::1\]|localhost)(:\d{1,5})?$/;

/**
 * Was this sent by somebody on this machine, and not by a page of another site in a browser on it? Where no key is
 * needed, that is all that stands between such a page and the agents: its requests name another Origin, or, when its
 * host name was made to point here, another Host.
 */
export function isFromThisMachine({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  const { host, origin } = headers;
  if (host === undefined || !LOOPBACK.test(host)) return false;
  return origin === undefined || origin === `http://${host}`;
}
