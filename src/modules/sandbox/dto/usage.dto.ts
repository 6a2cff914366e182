import { ApiProperty } from '@nestjs/swagger';

export class UsageDto {
  @ApiProperty({ example: 12 })
  readonly inputTokens!: number;

  @ApiProperty({ example: 34 })
  readonly outputTokens!: number;
}
