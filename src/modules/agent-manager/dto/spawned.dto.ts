import { ApiProperty } from '@nestjs/swagger';

export class SpawnedDto {
  @ApiProperty({ enum: [true], example: true })
  readonly ok!: true;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a10' })
  readonly agent_id!: string;

  @ApiProperty({ enum: ['initializing'], example: 'initializing' })
  readonly status!: 'initializing';
}
