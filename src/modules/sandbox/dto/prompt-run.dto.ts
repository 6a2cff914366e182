import { ApiProperty } from '@nestjs/swagger';
import { Equals } from 'class-validator';
import type { PromptRunRequest } from '../../../domain/runs/run-request.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';

const LONGEST_INPUT_BYTES = 256 * 1024;

export class PromptRunDto {
  @ApiProperty({ enum: ['prompt'], example: 'prompt' })
  @Equals('prompt')
  readonly type!: 'prompt';

  @ApiProperty({ example: 'Say who you are.', description: 'At most 256 KiB of UTF-8' })
  @IsText({ maxBytes: LONGEST_INPUT_BYTES, minLength: 1 })
  readonly input!: string;

  toRequest(): PromptRunRequest {
    return { type: this.type, input: this.input };
  }
}
