import { ApiProperty } from '@nestjs/swagger';
import type { QuotaOverview, QuotaState } from '../../../domain/quotas/quota.js';

export class QuotaStateDto implements QuotaState {
  @ApiProperty({ example: 50 })
  limit!: number;

  @ApiProperty({ example: 12 })
  used!: number;

  @ApiProperty({
    example: 38,
    description: "How much more there can be; of a project's also no more than its tenant has",
  })
  left!: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 50,
    description: "What an admin has set; null: the installation's default, or the tenant's limit",
  })
  own!: number | null;
}

/** Limits, what is used, and what is left. */
export class QuotaDto implements QuotaOverview {
  @ApiProperty({ enum: ['tenant', 'project'], example: 'tenant' })
  scope!: 'tenant' | 'project';

  @ApiProperty({ type: QuotaStateDto, description: 'Agents that exist, running or not' })
  instances!: QuotaState;

  @ApiProperty({ type: QuotaStateDto, description: 'Running copies of agents' })
  replicas!: QuotaState;

  @ApiProperty({ type: QuotaStateDto, description: 'CPUs that running copies are promised' })
  cpus!: QuotaState;

  @ApiProperty({ type: QuotaStateDto, description: 'Memory that running copies are promised' })
  memoryMiB!: QuotaState;

  @ApiProperty({ type: QuotaStateDto, description: 'Runs that are queued or running' })
  runs!: QuotaState;
}

export const toQuotaDto = (scope: QuotaDto['scope'], overview: QuotaOverview): QuotaDto => ({ scope, ...overview });
