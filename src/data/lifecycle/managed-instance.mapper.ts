import type { AgentInstanceId, ProjectId, RunId, TenantId } from '../../domain/ids.js';
import { INITIAL_LIFECYCLE, type Lifecycle } from '../../domain/lifecycle/lifecycle.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import type { AgentInstanceRecord } from '../agent-instances/agent-instance.schema.js';
import { toSpawn } from '../projects/spawn-record.js';

/** What of a record lifecycle reads: not its texts. */
export const MANAGED_PROJECTION = {
  tenantId: 1,
  projectId: 1,
  identifier: 1,
  manifest: 1,
  status: 1,
  pid: 1,
  openRuns: 1,
  lifecycle: 1,
  spawn: 1,
  signedOrigin: 1,
  revision: 1,
  removedAt: 1,
} as const;

export type ManagedRecord = Pick<AgentInstanceRecord, '_id' | keyof typeof MANAGED_PROJECTION>;

export function toManagedInstance(record: ManagedRecord): ManagedInstance {
  return {
    id: record._id.toHexString() as AgentInstanceId,
    tenantId: record.tenantId.toHexString() as TenantId,
    projectId: record.projectId.toHexString() as ProjectId,
    identifier: record.identifier,
    manifest: record.manifest,
    status: record.status,
    pid: record.pid,
    openRuns: record.openRuns.map((id) => id.toHexString() as RunId),
    lifecycle: toLifecycle(record.lifecycle),
    ...(record.spawn === undefined ? {} : { spawn: toSpawn(record.spawn) }),
    ...(record.signedOrigin === undefined ? {} : { signedOrigin: record.signedOrigin }),
    revision: record.revision,
    removedAt: record.removedAt,
  };
}

/** What a record of an older Muster does not have is as at the beginning. */
const toLifecycle = (lifecycle: Lifecycle): Lifecycle => ({ ...INITIAL_LIFECYCLE, ...lifecycle });
