import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsInt, Matches, Max, MaxLength, Min } from 'class-validator';
import type { TemplateId } from '../../../domain/ids.js';
import { MOST_SEAT_TAGS, ROLE_MAX_LENGTH } from '../../../domain/projects/project.js';
import { DISPLAY_NAME_MAX_LENGTH, ROLE, TAG_MAX_LENGTH } from '../../../domain/templates/limits.js';
import { IsId } from '../../../platform/http/is-id.decorator.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';
import type { SeatInput } from '../project-input.js';

/** A seat of the team, and the template that fills it. */
export class RoleAssignmentInputDto implements SeatInput {
  @ApiProperty({ example: 'developer', pattern: ROLE.source, maxLength: ROLE_MAX_LENGTH })
  @MaxLength(ROLE_MAX_LENGTH)
  @Matches(ROLE, { message: 'must be lower-case letters and digits, joined by single hyphens or underscores' })
  role!: string;

  @IsId('The template')
  templateId!: TemplateId;

  @ApiPropertyOptional({ example: 3, minimum: 1, description: 'The newest version when left out' })
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(1_000_000_000)
  templateVersion?: number;

  @ApiPropertyOptional({ example: 'Ada', description: "The template's when left out" })
  @MayBeLeftOut()
  @IsText({ maxBytes: 4 * DISPLAY_NAME_MAX_LENGTH, minLength: 1 })
  @MaxLength(DISPLAY_NAME_MAX_LENGTH)
  displayName?: string;

  @ApiPropertyOptional({ example: ['frontend'], type: [String], description: "Added to the template's own tags" })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(MOST_SEAT_TAGS)
  @IsText({ maxBytes: 4 * TAG_MAX_LENGTH, minLength: 1, each: true })
  @MaxLength(TAG_MAX_LENGTH, { each: true })
  tags?: string[];
}
