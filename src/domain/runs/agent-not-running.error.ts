import { DomainError } from '../errors/domain-error.js';
import type { AgentInstanceId } from '../ids.js';

/** Thrown when an agent is to do what only a running one can. */
export class AgentNotRunningError extends DomainError {
  constructor(id: AgentInstanceId, state: string) {
    super('AGENT_NOT_RUNNING', `Agent ${id} is ${state}, not running. Start it, then try again.`, {
      details: { id, state },
    });
  }
}
