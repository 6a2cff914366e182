import { ApiPropertyOptional } from '@nestjs/swagger';
import { Allow, IsObject, ValidateNested } from 'class-validator';
import type { JsonObject } from '../../../domain/json.js';
import type { ToolReference } from '../../../domain/templates/blueprint.js';
import type { Manifest } from '../../../domain/templates/manifest.js';
import {
  DESCRIPTION_MAX_BYTES,
  EXTENSIONS_MAX_BYTES,
  JSON_MAX_DEPTH,
  NAME_MAX_LENGTH,
  ROLE,
  ROLE_RULE,
  SOUL_MAX_BYTES,
  SYSTEM_PROMPT_MAX_BYTES,
} from '../../../domain/templates/limits.js';
import { MANIFEST, TOOL_LIST } from '../../../platform/http/blueprint/blueprint-schemas.js';
import { IsAieosIdentity } from '../../../platform/http/blueprint/is-aieos-identity.decorator.js';
import { IsDisplayName } from '../../../platform/http/blueprint/is-display-name.decorator.js';
import { IsTagList } from '../../../platform/http/blueprint/is-tag-list.decorator.js';
import { IsJsonObject } from '../../../platform/http/is-json-object.decorator.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';
import { manifestFaults } from '../../../platform/schemas/manifest-faults.js';
import { AgentConfigDto } from './agent-config.dto.js';
import { IsToolList } from './is-tool-list.decorator.js';
import { LeavesRoom } from './leaves-room.decorator.js';

/** What a version holds. What is left out takes its default. */
export class TemplateContentDto {
  static readonly nested = { config: AgentConfigDto };
  static readonly checked = { manifest: manifestFaults };

  @ApiPropertyOptional({ example: 'Reviewer', description: "The template's name when left out" })
  @MayBeLeftOut()
  @IsDisplayName()
  displayName?: string;

  @ApiPropertyOptional({ example: 'Reads every change before it is merged', default: '' })
  @MayBeLeftOut()
  @IsText({ maxBytes: DESCRIPTION_MAX_BYTES })
  description?: string;

  @ApiPropertyOptional({ example: 'reviewer', default: '', description: 'The seat of a team that it is made for' })
  @MayBeLeftOut()
  @IsText({
    maxLength: NAME_MAX_LENGTH,
    pattern: { expression: new RegExp(`^$|${ROLE.source}`), rule: ROLE_RULE },
  })
  role?: string;

  @ApiPropertyOptional({ example: ['quality'], default: [], type: [String] })
  @MayBeLeftOut()
  @IsTagList()
  tags?: string[];

  @ApiPropertyOptional({ example: ['subagent'], default: [], type: [String] })
  @MayBeLeftOut()
  @IsTagList()
  labels?: string[];

  @ApiPropertyOptional({ example: 'You would rather ask one more question than approve what you do not understand.' })
  @MayBeLeftOut()
  @IsText({ maxBytes: SOUL_MAX_BYTES })
  soul?: string;

  @IsAieosIdentity({ default: null, description: 'An AIEOS document, kept as given' })
  aieos_identity?: JsonObject | null;

  @ApiPropertyOptional({
    example: 'You review code on <%= process.platform %>.',
    default: '',
    description: 'EJS; rendered inside the container, never here',
  })
  @MayBeLeftOut()
  @IsText({ maxBytes: SYSTEM_PROMPT_MAX_BYTES })
  systemPrompt?: string;

  @ApiPropertyOptional({
    example: ['fs__file__view', { shell__execute: { allowlist: { ls: true } } }],
    default: [],
    ...TOOL_LIST,
    description: 'Tool ids, or objects with one key: the id, and how the tool is set up',
  })
  @MayBeLeftOut()
  @IsToolList()
  tools?: ToolReference[];

  @ApiPropertyOptional({ type: AgentConfigDto })
  @MayBeLeftOut()
  @IsObject()
  @ValidateNested()
  config?: AgentConfigDto;

  @ApiPropertyOptional(MANIFEST)
  @Allow()
  manifest?: Manifest;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    default: {},
    example: { metadata: { max_turns: 10 } },
    description:
      'What an imported file says beyond the fields above, at its place in the file; an export says it again',
  })
  @MayBeLeftOut()
  @IsJsonObject({ maxBytes: EXTENSIONS_MAX_BYTES, maxDepth: JSON_MAX_DEPTH })
  @LeavesRoom()
  extensions?: JsonObject;
}
