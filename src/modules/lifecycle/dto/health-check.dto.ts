import { ApiProperty } from '@nestjs/swagger';
import type { HealthCheck } from '../../../domain/lifecycle/lifecycle.js';

/** The periodic checks of an agent that runs. */
export class HealthCheckDto {
  @ApiProperty({
    type: Date,
    nullable: true,
    example: '2026-01-31T12:00:10.000Z',
    description: 'null: it does not run',
  })
  readonly dueAt!: Date | null;

  @ApiProperty({ example: 0, description: 'Failures in a row' })
  readonly failures!: number;

  @ApiProperty({ type: String, nullable: true, example: null, description: 'What was wrong the last time' })
  readonly detail!: string | null;
}

export const toHealthCheckDto = ({ dueAt, failures, detail }: HealthCheck): HealthCheckDto => ({
  dueAt,
  failures,
  detail,
});
