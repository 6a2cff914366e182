import { ApiProperty } from '@nestjs/swagger';
import { ProjectDto } from './project.dto.js';

export class CreatedProjectDto extends ProjectDto {
  @ApiProperty({
    example: false,
    description: 'true: some agents are not created yet; they will be, without any further request',
  })
  snapshotsPending!: boolean;
}
