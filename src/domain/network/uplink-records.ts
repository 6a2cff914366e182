import type { ProjectId, TenantId } from '../ids.js';
import type { AgentLeases } from '../lifecycle/agent-leases.js';
import type { ManagedInstance } from '../lifecycle/managed-instance.js';

/** Which Muster takes what an agent asks for, and whom agents ask for. */
export abstract class UplinkRecords {
  abstract readonly leases: AgentLeases;
  /** The agent of that identifier in a project; null: there is none, or it is removed. */
  abstract findPeer(tenantId: TenantId, projectId: ProjectId, identifier: string): Promise<ManagedInstance | null>;
}
