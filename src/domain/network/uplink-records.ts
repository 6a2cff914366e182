import type { AgentInstanceId, ProjectId, TenantId } from '../ids.js';
import type { ManagedInstance } from '../lifecycle/managed-instance.js';

/** A lease on an agent's uplinks. */
export interface UplinkLease {
  readonly id: AgentInstanceId;
  readonly owner: string;
}

/**
 * Which Muster takes what an agent asks for, under a lease of its own in the agent's document. Each method is one conditional write to one
 * document; times are the database's. It tells of no change to the agent, so it makes no event.
 */
export abstract class UplinkRecords {
  /** Agents that are to reach something, are wanted to run, and that nobody takes calls of. */
  abstract findUnserved(limit: number): Promise<readonly AgentInstanceId[]>;
  /** null: somebody else has it, or the agent is not wanted to run. */
  abstract take(lease: UplinkLease, ttlMs: number): Promise<ManagedInstance | null>;
  /** null: it is somebody else's by now, or the agent is not wanted to run any more. */
  abstract renew(lease: UplinkLease, ttlMs: number): Promise<ManagedInstance | null>;
  /** Somebody else may take it now. */
  abstract release(lease: UplinkLease): Promise<void>;
  /** The agent of that identifier in a project; null: there is none, or it is removed. */
  abstract findPeer(tenantId: TenantId, projectId: ProjectId, identifier: string): Promise<ManagedInstance | null>;
}
