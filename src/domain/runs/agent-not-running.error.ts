import { DomainError } from '../errors/domain-error.js';
import type { AgentInstanceId } from '../ids.js';

/** Thrown when an agent is to work that is not running. */
export class AgentNotRunningError extends DomainError {
  constructor(id: AgentInstanceId, state: string) {
    super('AGENT_NOT_RUNNING', `Agent ${id} is ${state}, not running. Start it, then send the run again.`, {
      details: { id, state },
    });
  }
}
