import { ApiProperty } from '@nestjs/swagger';
import { LIFECYCLE_STATES } from '../../../domain/lifecycle/lifecycle-states.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';

/** An agent that was given a snapshot back. */
export class RestoreDto {
  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a12' })
  agentId!: string;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7b01' })
  snapshotId!: string;

  @ApiProperty({ example: 4, description: "The agent's revision: its ETag" })
  revision!: number;

  @ApiProperty({ enum: LIFECYCLE_STATES, example: 'running' })
  state!: string;

  @ApiProperty({ example: false, description: 'true: the workspace is still to be replaced' })
  workspacePending!: boolean;
}

export const toRestoreDto = (snapshotId: string, { id, revision, lifecycle }: ManagedInstance): RestoreDto => ({
  agentId: id,
  snapshotId,
  revision,
  state: lifecycle.state,
  workspacePending: (lifecycle.seed ?? null) !== null,
});
