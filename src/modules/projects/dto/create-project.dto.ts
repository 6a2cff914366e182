import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsBoolean, ValidateNested } from 'class-validator';
import { SLUG_MAX, SLUG_PATTERN } from '../../../domain/projects/project-slug.js';
import { MOST_ASSIGNMENTS, PROJECT_NAME_MAX_LENGTH } from '../../../domain/projects/project.js';
import { DESCRIPTION_MAX_BYTES, SLUG_RULE } from '../../../domain/templates/limits.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';
import type { NewProject } from '../project-input.js';
import { RoleAssignmentInputDto } from './role-assignment-input.dto.js';

export class CreateProjectDto implements NewProject {
  static readonly nested = { roleAssignments: RoleAssignmentInputDto };

  @ApiProperty({ example: 'Web App', maxLength: PROJECT_NAME_MAX_LENGTH })
  @IsText({ maxLength: PROJECT_NAME_MAX_LENGTH, minLength: 1 })
  name!: string;

  @ApiPropertyOptional({
    example: 'web-app',
    pattern: SLUG_PATTERN.source,
    maxLength: SLUG_MAX,
    description: 'How its agents are called: <slug>-<role>-<n>. Unique. Made from the name when left out',
  })
  @MayBeLeftOut()
  @IsText({ maxLength: SLUG_MAX, pattern: { expression: SLUG_PATTERN, rule: SLUG_RULE } })
  slug?: string;

  @ApiPropertyOptional({ example: 'The shop, rewritten', default: '' })
  @MayBeLeftOut()
  @IsText({ maxBytes: DESCRIPTION_MAX_BYTES })
  description?: string;

  @ApiPropertyOptional({ type: [RoleAssignmentInputDto], maxItems: MOST_ASSIGNMENTS, default: [] })
  @IsArray()
  @ArrayMaxSize(MOST_ASSIGNMENTS)
  @ValidateNested({ each: true })
  roleAssignments: RoleAssignmentInputDto[] = [];

  @ApiPropertyOptional({ example: false, default: false, description: 'Start each agent once it exists' })
  @MayBeLeftOut()
  @IsBoolean()
  autostart?: boolean;
}
