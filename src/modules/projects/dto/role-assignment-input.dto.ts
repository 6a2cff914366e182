import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import type { TemplateId } from '../../../domain/ids.js';
import { MOST_SEAT_TAGS, ROLE_MAX_LENGTH } from '../../../domain/projects/project.js';
import { ROLE, ROLE_RULE } from '../../../domain/templates/limits.js';
import { IsDisplayName } from '../../../platform/http/blueprint/is-display-name.decorator.js';
import { IsTagList } from '../../../platform/http/blueprint/is-tag-list.decorator.js';
import { IsId } from '../../../platform/http/is-id.decorator.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';
import type { SeatInput } from '../project-input.js';

/** A seat of the team, and the template that fills it. */
export class RoleAssignmentInputDto implements SeatInput {
  @ApiProperty({ example: 'developer', pattern: ROLE.source, maxLength: ROLE_MAX_LENGTH })
  @IsText({ maxLength: ROLE_MAX_LENGTH, pattern: { expression: ROLE, rule: ROLE_RULE } })
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
  @IsDisplayName()
  displayName?: string;

  @ApiPropertyOptional({ example: ['frontend'], type: [String], description: "Added to the template's own tags" })
  @MayBeLeftOut()
  @IsTagList(MOST_SEAT_TAGS)
  tags?: string[];
}
