import { ApiProperty } from '@nestjs/swagger';

/** Who made a version. */
export class ActorDto {
  @ApiProperty({ enum: ['api-key', 'system'] })
  type!: 'api-key' | 'system';

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a11', description: 'The API key, or the part of Muster' })
  id!: string;
}
