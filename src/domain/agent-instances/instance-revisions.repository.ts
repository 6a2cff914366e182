import type { AgentInstanceId, TenantId } from '../ids.js';
import type { Page, PageRequest } from '../page.js';
import type { InstanceRevision } from './agent-instance.js';

/** What instances held before they were edited. The present revision is in the instance itself. */
export abstract class InstanceRevisions {
  /** Keeps it unless that revision is kept already; then it is the same, because a revision never changes. */
  abstract insertOnce(revision: InstanceRevision): Promise<void>;
  abstract find(instanceId: AgentInstanceId, tenantId: TenantId, revision: number): Promise<InstanceRevision | null>;
  /** Newest first. */
  abstract list(instanceId: AgentInstanceId, tenantId: TenantId, page: PageRequest): Promise<Page<InstanceRevision>>;
}
