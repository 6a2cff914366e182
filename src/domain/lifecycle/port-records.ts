import type { AgentInstanceId } from '../ids.js';
import type { ManagedInstance } from './managed-instance.js';
import type { PortBinding } from './lifecycle.js';

/** A lease on an agent's ports. */
export interface PortLease {
  readonly id: AgentInstanceId;
  readonly owner: string;
}

/**
 * Which Muster listens for an agent's ports, under a lease of its own. Each method is one conditional write to one document;
 * times are the database's. What is noted tells of this host and of no change to the agent, so it makes no event.
 */
export abstract class PortRecords {
  /** Agents with ports that are wanted to run, and that nobody listens for. */
  abstract findUnserved(limit: number): Promise<readonly ManagedInstance[]>;
  /** null: somebody else listens, or the agent is not wanted to run. */
  abstract take(lease: PortLease, ttlMs: number): Promise<ManagedInstance | null>;
  /** null: it is somebody else's by now, or the agent is not wanted to run any more. */
  abstract renew(lease: PortLease, ttlMs: number): Promise<ManagedInstance | null>;
  /** Does nothing when the lease is somebody else's. */
  abstract note(lease: PortLease, bindings: readonly PortBinding[]): Promise<void>;
  /** Somebody else may listen now. */
  abstract release(lease: PortLease): Promise<void>;
}
