import { ApiProperty } from '@nestjs/swagger';
import type { PinnedImage } from '../../../domain/lifecycle/lifecycle.js';

/** What an image reference was found to be when the agent first started. */
export class PinnedImageDto {
  @ApiProperty({ example: 'my/agent:1', description: 'As the manifest has it' })
  readonly reference!: string;

  @ApiProperty({ example: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' })
  readonly id!: string;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  readonly at!: Date;
}

export const toPinnedImageDto = ({ reference, id, at }: PinnedImage): PinnedImageDto => ({ reference, id, at });
