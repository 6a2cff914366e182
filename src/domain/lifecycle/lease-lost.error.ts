import { DomainError } from '../errors/domain-error.js';
import type { AgentInstanceId } from '../ids.js';

/** Thrown when somebody else holds the lease now: whoever held it has to stop acting at once. */
export class LeaseLostError extends DomainError {
  constructor(id: AgentInstanceId) {
    super('CONCURRENT_UPDATE', `The lease on agent ${id} is held by somebody else.`, { details: { id } });
  }
}
