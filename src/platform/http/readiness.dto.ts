import { ApiProperty } from '@nestjs/swagger';

export class HealthDto {
  @ApiProperty({ example: 'ok' })
  readonly status!: 'ok';
}

export class CheckDto {
  @ApiProperty({ example: 'database' })
  readonly name!: string;

  @ApiProperty({ enum: ['ok', 'unavailable'], example: 'ok' })
  readonly status!: 'ok' | 'unavailable';

  @ApiProperty({ description: 'What is used, or why it cannot be', example: 'external (MONGODB_URI is set)' })
  readonly detail!: string;
}

export class ReadinessDto {
  @ApiProperty({ enum: ['ok', 'unavailable'], example: 'ok' })
  readonly status!: 'ok' | 'unavailable';

  @ApiProperty({ type: [CheckDto] })
  readonly checks!: readonly CheckDto[];
}
