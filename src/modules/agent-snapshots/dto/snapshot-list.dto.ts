import { ApiProperty } from '@nestjs/swagger';
import type { AgentSnapshot } from '../../../domain/agent-snapshots/agent-snapshot.js';
import type { Page } from '../../../domain/page.js';
import { SnapshotDto, toSnapshotDto } from './snapshot.dto.js';

export class SnapshotListDto {
  @ApiProperty({ type: [SnapshotDto] })
  items!: readonly SnapshotDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor!: string | null;
}

export const toSnapshotListDto = ({ items, nextCursor }: Page<AgentSnapshot>): SnapshotListDto => ({
  items: items.map(toSnapshotDto),
  nextCursor,
});
