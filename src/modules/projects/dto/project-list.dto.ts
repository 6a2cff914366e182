import { ApiProperty } from '@nestjs/swagger';
import { ProjectDto } from './project.dto.js';

export class ProjectListDto {
  @ApiProperty({ type: [ProjectDto] })
  items!: readonly ProjectDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor!: string | null;
}
