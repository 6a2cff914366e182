import type { AgentErrorCode } from '../protocol.js';

/** The code is what Muster goes by; the status is for whoever reads along with a plain HTTP client. */
export const STATUS_OF = {
  MALFORMED_REQUEST: 400,
  VALIDATION_FAILED: 422,
  BODY_TOO_LARGE: 413,
  ROUTE_NOT_FOUND: 404,
  NOT_CONFIGURED: 409,
  PROMPT_RENDER_FAILED: 422,
  PROMPT_RENDER_TIMEOUT: 504,
  PROVIDER_UNKNOWN: 422,
  FILE_NOT_FOUND: 404,
  FILE_CONFLICT: 409,
  FILE_CHANGED: 412,
  FILE_NOT_PERMITTED: 403,
  RANGE_NOT_SATISFIABLE: 416,
  ARCHIVE_INVALID: 422,
  DISK_FULL: 507,
  UNSUPPORTED: 501,
  INTERNAL: 500,
} as const satisfies Record<AgentErrorCode, number>;
