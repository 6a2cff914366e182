import { DomainError } from '../errors/domain-error.js';
import type { AgentInstanceId } from '../ids.js';

/** Thrown to who waits for a request that a later one replaced. */
export class SupersededError extends DomainError {
  constructor(id: AgentInstanceId, generation: number, by: number) {
    super(
      'SUPERSEDED',
      `Request ${generation} on agent ${id} was replaced by request ${by} before it was reached. Look at the agent's lifecycle for what it is now to be.`,
      { details: { id, generation, by } },
    );
  }
}
