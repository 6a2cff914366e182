import { ApiProperty } from '@nestjs/swagger';
import type { Page } from '../../../domain/page.js';
import type { Run } from '../../../domain/runs/run.js';
import { RunDto, toRunDto } from './run.dto.js';

export class RunListDto {
  @ApiProperty({ type: [RunDto] })
  readonly items!: readonly RunDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  readonly nextCursor!: string | null;
}

export const toRunListDto = ({ items, nextCursor }: Page<Run>): RunListDto => ({
  items: items.map(toRunDto),
  nextCursor,
});
