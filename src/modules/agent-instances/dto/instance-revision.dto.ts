import { ApiProperty } from '@nestjs/swagger';
import type { InstanceRevision } from '../../../domain/agent-instances/agent-instance.js';
import type { JsonObject } from '../../../domain/json.js';
import { InstanceRevisionSummaryDto, toInstanceRevisionSummaryDto } from './instance-revision-summary.dto.js';

/** The editable part of an agent as it was at one revision. */
export class InstanceRevisionDto extends InstanceRevisionSummaryDto {
  @ApiProperty({ example: 'You are patient, and you write the test first.' })
  soul!: string;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, example: null })
  aieos_identity!: JsonObject | null;

  @ApiProperty({ example: 'Ines' })
  displayName!: string;

  @ApiProperty({ type: [String], example: ['frontend'] })
  tags!: readonly string[];
}

export const toInstanceRevisionDto = (revision: InstanceRevision): InstanceRevisionDto =>
  Object.assign(toInstanceRevisionSummaryDto(revision), {
    soul: revision.soul,
    aieos_identity: revision.aieos_identity,
    displayName: revision.displayName,
    tags: revision.tags,
  });
