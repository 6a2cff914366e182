import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import type { RunType } from '../../../domain/runs/run.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';

const LONGEST_INPUT_BYTES = 256 * 1024;

export class CreateRunDto {
  @ApiProperty({ enum: ['prompt'], example: 'prompt' })
  @IsIn(['prompt'], { message: 'must be prompt' })
  readonly type!: RunType;

  @ApiProperty({ example: 'Say who you are.', description: 'At most 256 KiB of UTF-8' })
  @IsText({ maxBytes: LONGEST_INPUT_BYTES, minLength: 1 })
  readonly input!: string;
}
