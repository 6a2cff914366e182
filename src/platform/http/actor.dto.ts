import { ApiProperty } from '@nestjs/swagger';

/** Who made a version or a revision: an API key, or a part of Muster. */
export class ActorDto {
  @ApiProperty({ enum: ['api-key', 'system'] })
  type!: 'api-key' | 'system';

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a11', description: "The key's id, or the part's name" })
  id!: string;
}
