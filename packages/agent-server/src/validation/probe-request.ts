import type { ProbeRequest } from '../protocol.js';
import { faultsOf, oneOf, refuseFaults, wholeNumber, type Check } from './faults.js';

const pathOrNull: Check = (value) =>
  value === null || (typeof value === 'string' && /^\/[!-~]{0,1023}$/.test(value))
    ? undefined
    : 'must be null, or a path that begins with a slash';

const FIELDS = {
  kind: oneOf('http', 'tcp'),
  port: wholeNumber({ min: 1, max: 65_535 }),
  path: pathOrNull,
  timeoutMs: wholeNumber({ min: 1, max: 60_000 }),
} as const satisfies Record<keyof ProbeRequest, Check>;

/** @throws AgentError VALIDATION_FAILED */
export function validateProbeRequest(body: unknown): ProbeRequest {
  refuseFaults(faultsOf(body, FIELDS));
  return body as ProbeRequest;
}
