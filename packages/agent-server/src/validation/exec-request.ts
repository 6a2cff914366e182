import type { ExecRequest } from '../protocol.js';
import { faultsOf, isRecord, refuseFaults, type Check } from './faults.js';

const isArgument = (value: unknown): boolean => typeof value === 'string' && !value.includes('\0');

const command: Check = (value) =>
  Array.isArray(value) && value.length > 0 && value.every(isArgument) && value[0] !== ''
    ? undefined
    : 'must be an array of strings without NUL, the first of which is a program';

const environment: Check = (value) =>
  isRecord(value) && Object.entries(value).every(([name, text]) => /^[^=\0]+$/.test(name) && isArgument(text))
    ? undefined
    : 'must be an object of strings without NUL';

const FIELDS = { command, env: environment } as const satisfies Record<keyof ExecRequest, Check>;

/** @throws AgentError VALIDATION_FAILED */
export function validateExecRequest(body: unknown): ExecRequest {
  refuseFaults(faultsOf(body, FIELDS));
  return body as ExecRequest;
}
