import { ApiProperty } from '@nestjs/swagger';
import type { ContainerStats } from '../../../domain/runtime/container-stats.js';

class NetworkStatsDto {
  @ApiProperty({ example: 1024 })
  readonly receivedBytes!: number;

  @ApiProperty({ example: 2048 })
  readonly sentBytes!: number;
}

const DISKS = 'Since the container was started; null while the engine tells of no disk';

/** What an agent's container uses. */
export class StatsDto {
  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  readonly at!: Date;

  @ApiProperty({ example: 12.5, description: 'In the second before; 100 is one whole core' })
  readonly cpuPercent!: number;

  @ApiProperty({ example: 3.2, description: 'Since the container was started' })
  readonly cpuSeconds!: number;

  @ApiProperty({ example: 52_428_800, description: 'Without what the kernel can give back at once' })
  readonly memoryBytes!: number;

  @ApiProperty({ example: 536_870_912 })
  readonly memoryLimitBytes!: number;

  @ApiProperty({ example: 11, description: 'Processes and threads' })
  readonly pids!: number;

  @ApiProperty({ type: Number, nullable: true, example: 256 })
  readonly pidsLimit!: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 0, description: DISKS })
  readonly blockReadBytes!: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 4096, description: DISKS })
  readonly blockWrittenBytes!: number | null;

  @ApiProperty({ type: NetworkStatsDto, nullable: true, description: 'null without a network' })
  readonly network!: NetworkStatsDto | null;
}

export const toStatsDto = (stats: ContainerStats): StatsDto => ({ ...stats });
