import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import {
  REASON_MAX_LENGTH,
  SNAPSHOT_TARGETS,
  type SnapshotTarget,
} from '../../../domain/agent-snapshots/agent-snapshot.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';

export class CreateSnapshotDto {
  @ApiProperty({
    enum: SNAPSHOT_TARGETS,
    example: 'archive',
    description: "archive: the workspace as a tar file. image: in addition the container's own file system as an image",
  })
  @IsIn(SNAPSHOT_TARGETS)
  target!: SnapshotTarget;

  @ApiPropertyOptional({
    example: 'Before the upgrade',
    maxLength: REASON_MAX_LENGTH,
    description: 'Why, in your own words. It stands in the snapshot, and in the event log for good: no secrets',
  })
  @MayBeLeftOut()
  @IsText({ maxLength: REASON_MAX_LENGTH })
  reason?: string;
}
