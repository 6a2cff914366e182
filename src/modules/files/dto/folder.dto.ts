import { ApiProperty } from '@nestjs/swagger';

export class FolderDto {
  @ApiProperty({ example: '/workspace/src' })
  readonly path!: string;
}
