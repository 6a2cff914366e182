import { ApiProperty } from '@nestjs/swagger';
import type { Desired } from '../../../domain/lifecycle/lifecycle.js';

/** What somebody wants an agent to be. */
export class WantedDto {
  @ApiProperty({ enum: ['enabled', 'running', 'paused', 'stopped', 'removed'], example: 'running' })
  readonly state!: string;

  @ApiProperty({ example: 1 })
  readonly replicas!: number;

  @ApiProperty({ example: 1, description: 'Raised by every request' })
  readonly generation!: number;

  @ApiProperty({ type: Date, nullable: true, example: '2026-01-31T12:00:00.000Z' })
  readonly requestedAt!: Date | null;
}

export const toWantedDto = ({ state, replicas, generation, requestedAt }: Desired): WantedDto => ({
  state,
  replicas,
  generation,
  requestedAt,
});
