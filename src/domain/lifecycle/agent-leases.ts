import type { AgentInstanceId } from '../ids.js';
import type { ManagedInstance } from './managed-instance.js';

/** A lease on one thing of an agent. */
export interface AgentLease {
  readonly id: AgentInstanceId;
  readonly owner: string;
}

/**
 * Which Muster does something for agents that are wanted to run, under a lease in the agent's document that is not the reconciler's. Each method is one
 * conditional write to one document; times are the database's. It tells of no change to the agent, so it makes no event.
 */
export abstract class AgentLeases {
  /** Agents that it is to be done for, and that nobody does it for. */
  abstract findUnserved(limit: number): Promise<readonly AgentInstanceId[]>;
  /** null: somebody else has it, or the agent is not wanted to run. */
  abstract take(lease: AgentLease, ttlMs: number): Promise<ManagedInstance | null>;
  /** null: it is somebody else's by now, or the agent is not wanted to run any more. */
  abstract renew(lease: AgentLease, ttlMs: number): Promise<ManagedInstance | null>;
  /** Somebody else may take it now. Does nothing when it is somebody else's. */
  abstract release(lease: AgentLease): Promise<void>;
}
