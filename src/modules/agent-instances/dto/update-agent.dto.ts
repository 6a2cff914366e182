import { ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsOptional, MaxLength } from 'class-validator';
import type { InstanceEdit } from '../../../domain/agent-instances/agent-instance.js';
import type { JsonObject } from '../../../domain/json.js';
import {
  DISPLAY_NAME_MAX_LENGTH,
  IDENTITY_MAX_BYTES,
  JSON_MAX_DEPTH,
  SOUL_MAX_BYTES,
  TAG_MAX_LENGTH,
  TAGS_MAX_COUNT,
} from '../../../domain/templates/limits.js';
import { IsJsonObject } from '../../../platform/http/is-json-object.decorator.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';

/** A field that is given replaces the stored one. */
export class UpdateAgentDto implements InstanceEdit {
  @ApiPropertyOptional({ example: 'You are patient, and you write the test first.' })
  @MayBeLeftOut()
  @IsText({ maxBytes: SOUL_MAX_BYTES })
  soul?: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    example: { standard: { protocol: 'AIEOS', version: '1.2.1' }, identity: { names: { first: 'Ines' } } },
    description: 'An AIEOS document, kept as given; null takes it away. As a merge patch it is merged (RFC 7396)',
  })
  @IsOptional()
  @IsJsonObject({ maxBytes: IDENTITY_MAX_BYTES, maxDepth: JSON_MAX_DEPTH })
  aieos_identity?: JsonObject | null;

  @ApiPropertyOptional({ example: 'Ines' })
  @MayBeLeftOut()
  @IsText({ maxBytes: 4 * DISPLAY_NAME_MAX_LENGTH, minLength: 1 })
  @MaxLength(DISPLAY_NAME_MAX_LENGTH)
  displayName?: string;

  @ApiPropertyOptional({ example: ['frontend'], type: [String] })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(TAGS_MAX_COUNT)
  @IsText({ maxBytes: 4 * TAG_MAX_LENGTH, minLength: 1, each: true })
  @MaxLength(TAG_MAX_LENGTH, { each: true })
  tags?: string[];
}
