import { ApiProperty } from '@nestjs/swagger';

/** What a command wrote to a stream. */
export class StreamFactsDto {
  @ApiProperty({ example: 6, description: 'In all, kept or not' })
  readonly bytes!: number;

  @ApiProperty({ example: false, description: 'There was more than a MiB: only the newest is kept' })
  readonly truncated!: boolean;
}
