import { ApiProperty } from '@nestjs/swagger';
import type { LifecycleError } from '../../../domain/lifecycle/lifecycle.js';

/** Why an agent is not as it is wanted to be. */
export class FailureDto {
  @ApiProperty({ example: 'IMAGE_NOT_FOUND' })
  readonly code!: string;

  @ApiProperty({ example: 'The image muster/agent is not there.' })
  readonly message!: string;

  @ApiProperty({ example: 'Build or pull the image on the engine, then start it again.' })
  readonly recovery!: string;
}

export const toFailureDto = ({ code, message, recovery }: LifecycleError): FailureDto => ({ code, message, recovery });
