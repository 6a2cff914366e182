import type { DomainError, Fault } from '../../domain/errors/domain-error.js';
import { PROBLEMS, type ErrorKind, type ProblemCode } from '../../domain/errors/problem-catalogue.js';

/** Which HTTP status a kind of trouble has. */
export const STATUS_OF_KIND = {
  malformed: 400,
  invalid: 422,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  stale: 412,
  'too-large': 413,
  'unsupported-media': 415,
  range: 416,
  unsupported: 501,
  limited: 429,
  unavailable: 503,
  timeout: 504,
  internal: 500,
} as const satisfies Record<ErrorKind, number>;

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';
export const PROBLEM_CONTENT_TYPE = `${PROBLEM_MEDIA_TYPE}; charset=utf-8`;

/** An answer of application/problem+json (RFC 9457). */
export interface Problem {
  /** Address of the page about this code, on this server. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What happened this time. */
  readonly detail: string;
  /** The path that was asked for. */
  readonly instance: string;
  readonly code: ProblemCode;
  /** Finds this request in the log; the same as the header X-Request-Id. */
  readonly traceId: string;
  /** Every fault of the input. */
  readonly errors?: readonly Fault[];
  /** Facts about the case. */
  readonly details?: DomainError['details'];
}

export const problemStatus = (code: ProblemCode): number => STATUS_OF_KIND[PROBLEMS[code].kind];

export function toProblem(error: DomainError, path: string, traceId: string): Problem {
  const { title } = PROBLEMS[error.code];
  return {
    type: `/problems/${error.code}`,
    title,
    status: problemStatus(error.code),
    detail: error.message,
    instance: path,
    code: error.code,
    traceId,
    ...(error.faults.length > 0 && { errors: error.faults }),
    ...(Object.keys(error.details).length > 0 && { details: error.details }),
  };
}
