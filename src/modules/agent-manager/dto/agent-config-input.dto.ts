import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import type { JsonObject } from '../../../domain/json.js';
import {
  SPAWN_METADATA_MAX_BYTES,
  SPAWN_METADATA_MAX_DEPTH,
  SPAWN_PROFILES,
  type SpawnProfile,
} from '../../../domain/projects/spawn.js';
import { NAME_MAX_LENGTH, SLUG, SLUG_RULE } from '../../../domain/templates/limits.js';
import { IsDisplayName } from '../../../platform/http/blueprint/is-display-name.decorator.js';
import { IsJsonObject } from '../../../platform/http/is-json-object.decorator.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';

const NAMED = { maxLength: NAME_MAX_LENGTH, pattern: { expression: SLUG, rule: SLUG_RULE } };

/** The agent that is wanted. */
export class AgentConfigInputDto {
  @ApiProperty({ example: 'demo', description: 'What people call it; need not be unique' })
  @IsDisplayName()
  readonly name!: string;

  @ApiProperty({ enum: SPAWN_PROFILES, example: 'personal', description: '`illuvrse` needs a signed manifest' })
  @IsIn(SPAWN_PROFILES, { message: `must be one of ${SPAWN_PROFILES.join(', ')}` })
  readonly profile!: SpawnProfile;

  @ApiPropertyOptional({ example: 'reviewer', description: 'Id or name; a built-in one when left out' })
  @MayBeLeftOut()
  @IsText(NAMED)
  readonly template?: string;

  @ApiPropertyOptional({ example: 'web-app', description: 'Id or slug; `default` when left out' })
  @MayBeLeftOut()
  @IsText(NAMED)
  readonly project?: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    example: { owner: 'ryan' },
    default: {},
    description: 'The caller’s own, kept with the agent: at most 16 KiB, 16 levels deep',
  })
  @MayBeLeftOut()
  @IsJsonObject({ maxBytes: SPAWN_METADATA_MAX_BYTES, maxDepth: SPAWN_METADATA_MAX_DEPTH })
  readonly metadata?: JsonObject;
}
