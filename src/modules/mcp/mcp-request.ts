import type { FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors/domain-error.js';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import { isOwnOrigin } from '../../platform/http/own-origin.js';
import { isRequest, readMessages, type Batch } from './wire/message.js';

type Asked = Pick<FastifyRequest, 'headers'>;

/** Revision 2025-03-26 has lists of messages; those before and after it have none. */
const REVISION_WITH_LISTS = '2025-03-26';

const refuse = (detail: string): DomainError => new DomainError('MALFORMED_REQUEST', detail);

/** A page of another site must not make a browser speak to an agent ("Security Warning"). @throws DomainError FORBIDDEN */
export function assertOrigin({ headers: { origin, host } }: Asked): void {
  if (origin === undefined || isOwnOrigin(origin, host)) return;
  throw new DomainError('FORBIDDEN', 'Pages of other origins than this server may not use MCP here.', {
    details: { origin: origin.slice(0, 200) },
  });
}

/** @throws DomainError MALFORMED_REQUEST when the client does not take what may come */
export function assertAccepts({ headers: { accept } }: Asked, ...types: readonly string[]): void {
  const accepted = (accept ?? '*/*').split(',').map((range) => range.split(';', 1)[0]?.trim().toLowerCase());
  const missing = types.filter(
    (type) => !['*/*', `${type.split('/', 1)[0] ?? ''}/*`, type].some((range) => accepted.includes(range)),
  );
  if (missing.length > 0) throw refuse(`Accept has to list ${types.join(' and ')}; ${missing.join(', ')} is missing.`);
}

/**
 * What a client posts.
 * @throws DomainError UNSUPPORTED_MEDIA_TYPE, MALFORMED_REQUEST; ValidationFailedError with every fault
 */
export function readPosted({ headers }: Asked, body: unknown): Batch {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== undefined && type !== 'application/json') {
    throw new DomainError('UNSUPPORTED_MEDIA_TYPE', `MCP messages are application/json, not ${type}.`);
  }
  if (typeof body !== 'string') throw refuse('The body is missing: a JSON-RPC message is wanted.');
  const read = parse(body);
  if ('faults' in read) throw new ValidationFailedError(read.faults);
  const begins = read.messages.some((message) => isRequest(message) && message.method === 'initialize');
  if (read.isList && begins) {
    throw new ValidationFailedError([{ pointer: '', detail: 'must not be a list: initialize comes alone' }]);
  }
  return read;
}

function parse(body: string): ReturnType<typeof readMessages> {
  try {
    return readMessages(body);
  } catch (cause) {
    throw new DomainError('MALFORMED_REQUEST', 'The body is not JSON: a JSON-RPC message is wanted.', { cause });
  }
}

/** `Mcp-Session-Id`; null when there is none. */
export function sessionOf({ headers }: Asked): string | null {
  const token = headers['mcp-session-id'];
  return typeof token === 'string' && token !== '' ? token : null;
}

/** Does a message begin a session? */
export const isBeginning = ({ messages }: Batch): boolean =>
  messages.length === 1 && messages.every((message) => isRequest(message) && message.method === 'initialize');

/**
 * Revisions before 2026-07-28 have sessions; who speaks a newer one first is told in a way that lets it fall back
 * (MCP 2026-07-28, "Backward Compatibility").
 */
export const sessionMissing = (): DomainError =>
  refuse(
    'Mcp-Session-Id is missing. Begin a session with initialize: this server speaks MCP 2025-03-26 to 2025-11-25, whatever the agent speaks.',
  );

/** @throws DomainError MALFORMED_REQUEST, ValidationFailedError */
export function assertRevision({ headers }: Asked, agreed: string | null, batch: Batch | null): void {
  const said = headers['mcp-protocol-version'];
  if (said !== undefined && agreed !== null && said !== agreed) {
    throw refuse(`MCP-Protocol-Version has to be ${agreed}, which this session's client and server agreed on.`);
  }
  if (batch?.isList === true && agreed !== REVISION_WITH_LISTS) {
    const detail = `must be one message: MCP ${agreed ?? 'before it has begun'} has no lists`;
    throw new ValidationFailedError([{ pointer: '', detail }]);
  }
}
