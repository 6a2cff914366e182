import type { RunRequest } from '../protocol.js';
import { anyText, depthFaults, faultsOf, oneOf, refuseFaults, text } from './faults.js';

const FIELDS = {
  runId: text({ min: 1, max: 500 }),
  type: oneOf('prompt'),
  input: anyText,
} as const satisfies Record<keyof RunRequest, unknown>;

/** @throws AgentError VALIDATION_FAILED */
export function validateRunRequest(body: unknown): RunRequest {
  refuseFaults([...faultsOf(body, FIELDS), ...depthFaults(body)]);
  return body as RunRequest;
}
