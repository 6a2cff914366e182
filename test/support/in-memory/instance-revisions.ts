import type { InstanceRevision } from '../../../src/domain/agent-instances/agent-instance.js';
import { InstanceRevisions } from '../../../src/domain/agent-instances/instance-revisions.repository.js';
import type { AgentInstanceId, TenantId } from '../../../src/domain/ids.js';
import type { Page, PageRequest } from '../../../src/domain/page.js';

/** The edit history in memory. */
export class InMemoryInstanceRevisions extends InstanceRevisions {
  private readonly kept: InstanceRevision[] = [];

  async insertOnce(revision: InstanceRevision): Promise<void> {
    const { instanceId, tenantId } = revision;
    if ((await this.find(instanceId, tenantId, revision.revision)) === null) this.kept.push(revision);
  }

  find(instanceId: AgentInstanceId, tenantId: TenantId, revision: number): Promise<InstanceRevision | null> {
    return Promise.resolve(this.of(instanceId, tenantId).find((candidate) => candidate.revision === revision) ?? null);
  }

  list(
    instanceId: AgentInstanceId,
    tenantId: TenantId,
    { limit, cursor }: PageRequest,
  ): Promise<Page<InstanceRevision>> {
    const items = this.of(instanceId, tenantId)
      .filter(({ revision }) => cursor === undefined || revision < Number(cursor))
      .sort((one, other) => other.revision - one.revision);
    const page = items.slice(0, limit);
    return Promise.resolve({
      items: page,
      nextCursor: items.length > limit ? String(page.at(-1)?.revision) : null,
    });
  }

  private of(instanceId: AgentInstanceId, tenantId: TenantId): InstanceRevision[] {
    return this.kept.filter((revision) => revision.instanceId === instanceId && revision.tenantId === tenantId);
  }
}
