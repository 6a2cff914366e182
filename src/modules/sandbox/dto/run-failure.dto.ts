import { ApiProperty } from '@nestjs/swagger';

/** Why a run did not pass. */
export class RunFailureDto {
  @ApiProperty({ example: 'PROMPT_RENDER_FAILED' })
  readonly code!: string;

  @ApiProperty({ example: 'soul is not defined, in line 3 of the system prompt' })
  readonly message!: string;
}
