import type { FastifyRequest } from 'fastify';
import { DomainError, type Fault } from '../../domain/errors/domain-error.js';
import { isOwnOrigin } from '../../platform/http/own-origin.js';

const KEY = /^[+/0-9A-Za-z]{22}==$/;

/**
 * What has to be right before anything is started for a client (RFC 6455, section 4.2.1). A browser says which page asks: only
 * Muster's own, and those that the operator named, may.
 * @throws DomainError UPGRADE_INVALID, FORBIDDEN
 */
export function assertHandshake(
  { headers, raw }: Pick<FastifyRequest, 'headers'> & { readonly raw: Pick<FastifyRequest['raw'], 'httpVersion'> },
  origins: readonly string[],
): void {
  const faults: Fault[] = [];
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) {
    faults.push({ pointer: 'Sec-WebSocket-Key', detail: 'must be 16 bytes in base64' });
  }
  if (headers['sec-websocket-version'] !== '13')
    faults.push({ pointer: 'Sec-WebSocket-Version', detail: 'must be 13' });
  if (raw.httpVersion !== '1.1') faults.push({ pointer: '', detail: 'must be HTTP/1.1' });
  if (faults.length > 0)
    throw new DomainError('UPGRADE_INVALID', 'The request for a WebSocket has faults.', { faults });
  const { origin, host } = headers;
  if (origin === undefined || origins.includes(origin) || isOwnOrigin(origin, host)) return;
  throw new DomainError('FORBIDDEN', 'Pages of this origin may not open terminals. See TERMINAL_ORIGINS.', {
    details: { origin: origin.slice(0, 200) },
  });
}
