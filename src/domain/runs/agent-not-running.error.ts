import { DomainError } from '../errors/domain-error.js';
import type { AgentInstanceId } from '../ids.js';

/** Thrown when an agent is to do what only a running one can. */
export class AgentNotRunningError extends DomainError {
  constructor(id: AgentInstanceId, state: string, replica = 0) {
    const what = replica === 0 ? `Agent ${id}` : `Replica ${replica} of agent ${id}`;
    super('AGENT_NOT_RUNNING', `${what} is ${state}, not running. Start it, then try again.`, {
      details: { id, state, ...(replica === 0 ? {} : { replica }) },
    });
  }
}
