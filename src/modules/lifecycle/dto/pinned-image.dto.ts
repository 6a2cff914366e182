import { ApiProperty } from '@nestjs/swagger';
import type { PinnedImage } from '../../../domain/lifecycle/lifecycle.js';

/** What an image reference was found to be when the agent was made, or first started. */
export class PinnedImageDto {
  @ApiProperty({ example: 'my/agent:1', description: 'As the manifest has it' })
  readonly reference!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    example: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    description:
      "The engine's own; null until the first start where the engine did not have it when the agent was made",
  })
  readonly id!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    example: 'sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
    description: 'By which its registry has it, and it is pulled; null where the engine knew of none',
  })
  readonly digest!: string | null;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z', description: 'When it was looked up' })
  readonly at!: Date;
}

export const toPinnedImageDto = ({ reference, id, digest = null, at }: PinnedImage): PinnedImageDto => ({
  reference,
  id,
  digest,
  at,
});
