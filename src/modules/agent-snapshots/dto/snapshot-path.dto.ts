import type { SnapshotsPath } from '../../../domain/agent-snapshots/agent-snapshots.repository.js';
import type { Principal } from '../../../domain/identity/principal.js';
import type { AgentInstanceId, AgentSnapshotId, ProjectId } from '../../../domain/ids.js';
import { IsId } from '../../../platform/http/is-id.decorator.js';

export class SnapshotsOfPath {
  @IsId('The project')
  readonly projectId!: ProjectId;

  @IsId('The agent')
  readonly id!: AgentInstanceId;
}

export class SnapshotPath extends SnapshotsOfPath {
  @IsId('The snapshot')
  readonly snapshotId!: AgentSnapshotId;
}

export const pathFor = ({ tenantId }: Principal, { projectId, id: instanceId }: SnapshotsOfPath): SnapshotsPath => ({
  tenantId,
  projectId,
  instanceId,
});
