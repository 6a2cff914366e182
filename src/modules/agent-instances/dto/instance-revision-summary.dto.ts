import { ApiProperty } from '@nestjs/swagger';
import { CHANGEABLE_FIELDS, type InstanceRevision } from '../../../domain/agent-instances/agent-instance.js';
import { ActorDto } from '../../../platform/http/actor.dto.js';

/** Who made a revision, when, and in which fields. */
export class InstanceRevisionSummaryDto {
  @ApiProperty({ example: 2 })
  revision!: number;

  @ApiProperty({ enum: CHANGEABLE_FIELDS, isArray: true, example: ['soul'] })
  changedFields!: readonly string[];

  @ApiProperty({ type: ActorDto })
  changedBy!: ActorDto;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  changedAt!: Date;
}

export const toInstanceRevisionSummaryDto = (revision: InstanceRevision): InstanceRevisionSummaryDto => ({
  revision: revision.revision,
  changedFields: revision.changedFields,
  changedBy: { type: revision.changedBy.type, id: revision.changedBy.id },
  changedAt: revision.changedAt,
});
