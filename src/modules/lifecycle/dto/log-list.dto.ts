import { ApiProperty } from '@nestjs/swagger';

export class LogLineDto {
  @ApiProperty({ enum: ['stdout', 'stderr'], example: 'stdout' })
  readonly stream!: 'stdout' | 'stderr';

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  readonly at!: Date;

  @ApiProperty({ example: 'listening on /run/muster/agent.sock' })
  readonly text!: string;
}

export class LogListDto {
  @ApiProperty({ type: [LogLineDto] })
  readonly items!: readonly LogLineDto[];

  @ApiProperty({ example: false, description: 'Older lines were left out: ask for fewer, or since a later time' })
  readonly truncated!: boolean;
}
