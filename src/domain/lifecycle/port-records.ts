import type { AgentLease, AgentLeases } from './agent-leases.js';
import type { PortBinding } from './lifecycle.js';

/** Which Muster listens for an agent's ports, and where. */
export abstract class PortRecords {
  abstract readonly leases: AgentLeases;
  /** Tells of this host and of no change to the agent, so it makes no event. Does nothing when the lease is somebody else's. */
  abstract note(lease: AgentLease, bindings: readonly PortBinding[]): Promise<void>;
}
