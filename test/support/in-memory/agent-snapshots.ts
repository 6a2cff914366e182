import type { AgentSnapshot, SnapshotFailure } from '../../../src/domain/agent-snapshots/agent-snapshot.js';
import { AgentSnapshots, type SnapshotResult } from '../../../src/domain/agent-snapshots/agent-snapshots.repository.js';
import type { AgentSnapshotId, TenantId } from '../../../src/domain/ids.js';
import type { Page } from '../../../src/domain/page.js';

/** Snapshots in memory, for what reads them. */
export class InMemoryAgentSnapshots extends AgentSnapshots {
  readonly byId = new Map<AgentSnapshotId, AgentSnapshot>();
  readonly clearedIds = new Set<AgentSnapshotId>();

  async insert(snapshot: AgentSnapshot): Promise<void> {
    this.byId.set(snapshot.id, snapshot);
    return Promise.resolve();
  }

  async find(id: AgentSnapshotId, tenantId: TenantId): Promise<AgentSnapshot | null> {
    const found = this.byId.get(id);
    return Promise.resolve(found?.tenantId === tenantId ? found : null);
  }

  async list(): Promise<Page<AgentSnapshot>> {
    return Promise.resolve({ items: [...this.byId.values()], nextCursor: null });
  }

  async renew(id: AgentSnapshotId): Promise<boolean> {
    return Promise.resolve(this.byId.get(id)?.state === 'pending');
  }

  async complete(id: AgentSnapshotId, result: SnapshotResult): Promise<AgentSnapshot | null> {
    return this.change(id, ['pending'], { state: 'ready', ...result });
  }

  async fail(id: AgentSnapshotId, error: SnapshotFailure): Promise<AgentSnapshot | null> {
    return this.change(id, ['pending'], { state: 'failed', error });
  }

  async markDeleted(id: AgentSnapshotId): Promise<AgentSnapshot | null> {
    return this.change(id, ['ready', 'failed'], { state: 'deleted' });
  }

  async findLost(): Promise<readonly AgentSnapshot[]> {
    return Promise.resolve([]);
  }

  async findUncleared(): Promise<readonly AgentSnapshot[]> {
    const left = [...this.byId.values()].filter(({ state }) => state === 'failed' || state === 'deleted');
    return Promise.resolve(left.filter(({ id }) => !this.clearedIds.has(id)));
  }

  async cleared(id: AgentSnapshotId): Promise<void> {
    this.clearedIds.add(id);
    return Promise.resolve();
  }

  async isInUse(): Promise<boolean> {
    return Promise.resolve(false);
  }

  private async change(
    id: AgentSnapshotId,
    from: readonly AgentSnapshot['state'][],
    fields: Partial<AgentSnapshot>,
  ): Promise<AgentSnapshot | null> {
    const found = this.byId.get(id);
    if (found === undefined || !from.includes(found.state)) return Promise.resolve(null);
    const changed = { ...found, ...fields, endedAt: new Date() };
    this.byId.set(id, changed);
    return Promise.resolve(changed);
  }
}
