import { HttpException } from '@nestjs/common';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { ProblemCode } from '../../domain/errors/problem-catalogue.js';

const CODE_OF_STATUS: Readonly<Record<number, ProblemCode>> = {
  400: 'MALFORMED_REQUEST',
  404: 'ROUTE_NOT_FOUND',
  405: 'ROUTE_NOT_FOUND',
  408: 'MALFORMED_REQUEST',
  411: 'MALFORMED_REQUEST',
  413: 'BODY_TOO_LARGE',
  414: 'MALFORMED_REQUEST',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  431: 'MALFORMED_REQUEST',
  503: 'SHUTTING_DOWN',
};

const DETAILS: Partial<Record<ProblemCode, string>> = {
  ROUTE_NOT_FOUND: 'Nothing answers this method and path. See /docs for what there is.',
  BODY_TOO_LARGE: 'The body is longer than this server takes. See BODY_LIMIT in the configuration.',
  UNSUPPORTED_MEDIA_TYPE: 'Send application/json, or for template files application/yaml or text/markdown.',
  SHUTTING_DOWN: 'This server is shutting down. Try again in a few seconds.',
};

/** What the web server itself refuses (a broken body, a route that is not there), as a DomainError; null for all else. */
export function httpFailure(error: unknown): DomainError | null {
  const status = statusOf(error);
  if (status === null) return null;
  const code = CODE_OF_STATUS[status];
  if (code === undefined) return null;
  const said = error instanceof Error ? error.message : '';
  return new DomainError(code, DETAILS[code] ?? `The request cannot be read: ${said}`, { cause: error });
}

function statusOf(error: unknown): number | null {
  if (error instanceof HttpException) return error.getStatus();
  if (!(error instanceof Error) || !('code' in error) || !('statusCode' in error)) return null;
  const { code, statusCode } = error;
  return typeof code === 'string' && code.startsWith('FST_') && typeof statusCode === 'number' ? statusCode : null;
}
