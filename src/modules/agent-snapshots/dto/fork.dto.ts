import { ApiProperty } from '@nestjs/swagger';
import type { Forked } from '../agent-snapshots.service.js';

/** An agent that was made from a snapshot. */
export class ForkDto {
  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a14' })
  id!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a13' })
  projectId!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7b01' })
  snapshotId!: string;

  @ApiProperty({ example: 'web-app-dev-2', description: 'Unique in the project' })
  identifier!: string;

  @ApiProperty({ example: 'developer' })
  role!: string;

  @ApiProperty({ example: 'Ada the second' })
  displayName!: string;

  @ApiProperty({ example: 1 })
  revision!: number;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  createdAt!: Date;

  @ApiProperty({ example: false, description: 'true: the workspace is still to be filled' })
  workspacePending!: boolean;
}

export const toForkDto = (snapshotId: string, { agent, workspacePending }: Forked): ForkDto => ({
  id: agent.id,
  projectId: agent.projectId,
  snapshotId,
  identifier: agent.identifier,
  role: agent.role,
  displayName: agent.displayName,
  revision: agent.revision,
  createdAt: agent.createdAt,
  workspacePending,
});
