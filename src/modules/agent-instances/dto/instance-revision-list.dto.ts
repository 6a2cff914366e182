import { ApiProperty } from '@nestjs/swagger';
import type { InstanceRevision } from '../../../domain/agent-instances/agent-instance.js';
import type { Page } from '../../../domain/page.js';
import { InstanceRevisionSummaryDto, toInstanceRevisionSummaryDto } from './instance-revision-summary.dto.js';

export class InstanceRevisionListDto {
  @ApiProperty({ type: [InstanceRevisionSummaryDto] })
  items!: readonly InstanceRevisionSummaryDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor!: string | null;
}

export const toInstanceRevisionListDto = ({ items, nextCursor }: Page<InstanceRevision>): InstanceRevisionListDto => ({
  items: items.map(toInstanceRevisionSummaryDto),
  nextCursor,
});
