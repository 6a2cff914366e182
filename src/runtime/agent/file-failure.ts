import { DomainError } from '../../domain/errors/domain-error.js';
import type { ProblemCode } from '../../domain/errors/problem-catalogue.js';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import { AgentUnreachableError } from '../../domain/runtime/runtime-errors.js';
import type { AgentFailure } from './agent-protocol.js';

const CODES: Readonly<Record<string, ProblemCode>> = {
  FILE_NOT_FOUND: 'NOT_FOUND',
  FILE_CONFLICT: 'FILE_CONFLICT',
  FILE_CHANGED: 'PRECONDITION_FAILED',
  FILE_NOT_PERMITTED: 'FILE_NOT_PERMITTED',
  RANGE_NOT_SATISFIABLE: 'RANGE_NOT_SATISFIABLE',
  ARCHIVE_INVALID: 'ARCHIVE_INVALID',
  BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  DISK_FULL: 'WORKSPACE_UNAVAILABLE',
  UNSUPPORTED: 'RUNTIME_UNSUPPORTED',
};

/** What an agent's refusal about a file is to who asked. Any other code is a fault between Muster and the agent. */
export function fileFailure(container: string, status: number, failure: AgentFailure | null): DomainError {
  if (failure?.code === 'VALIDATION_FAILED') {
    return new ValidationFailedError([{ pointer: 'path', detail: failure.message }]);
  }
  const code = failure === null ? undefined : CODES[failure.code];
  if (failure !== null && code !== undefined) return new DomainError(code, failure.message);
  // An agent-server of an older image has no such route; its answer is ROUTE_NOT_FOUND.
  if (failure?.code === 'ROUTE_NOT_FOUND') {
    return new DomainError(
      'RUNTIME_UNSUPPORTED',
      "The agent's image has an agent-server that serves no files. Build the image anew, then restart the agent.",
    );
  }
  return new AgentUnreachableError(container, { details: { status, agentCode: failure?.code ?? null } });
}
