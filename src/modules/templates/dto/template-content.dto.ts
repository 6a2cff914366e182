import { ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsObject, IsOptional, Matches, MaxLength, ValidateNested } from 'class-validator';
import type { JsonObject } from '../../../domain/json.js';
import type { ToolReference } from '../../../domain/templates/blueprint.js';
import {
  DESCRIPTION_MAX_BYTES,
  DISPLAY_NAME_MAX_LENGTH,
  EXTENSIONS_MAX_BYTES,
  IDENTITY_MAX_BYTES,
  JSON_MAX_DEPTH,
  NAME_MAX_LENGTH,
  ROLE,
  SOUL_MAX_BYTES,
  SYSTEM_PROMPT_MAX_BYTES,
  TAG_MAX_LENGTH,
  TAGS_MAX_COUNT,
} from '../../../domain/templates/limits.js';
import { IsJsonObject } from '../../../platform/http/is-json-object.decorator.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';
import { AgentConfigDto } from './agent-config.dto.js';
import { IsToolList } from './is-tool-list.decorator.js';
import { LeavesRoom } from './leaves-room.decorator.js';
import { ManifestDto } from './manifest.dto.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';

/** What a version holds. What is left out takes its default. */
export class TemplateContentDto {
  static readonly nested = { config: AgentConfigDto, manifest: ManifestDto };

  @ApiPropertyOptional({ example: 'Reviewer', description: "The template's name when left out" })
  @MayBeLeftOut()
  @IsText({ maxBytes: 4 * DISPLAY_NAME_MAX_LENGTH, minLength: 1 })
  @MaxLength(DISPLAY_NAME_MAX_LENGTH)
  displayName?: string;

  @ApiPropertyOptional({ example: 'Reads every change before it is merged', default: '' })
  @MayBeLeftOut()
  @IsText({ maxBytes: DESCRIPTION_MAX_BYTES })
  description?: string;

  @ApiPropertyOptional({ example: 'reviewer', default: '', description: 'The seat of a team that it is made for' })
  @MayBeLeftOut()
  @MaxLength(NAME_MAX_LENGTH)
  @Matches(new RegExp(`^$|${ROLE.source}`), {
    message: 'must be lower-case letters and digits, joined by single hyphens or underscores',
  })
  role?: string;

  @ApiPropertyOptional({ example: ['quality'], default: [], type: [String] })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(TAGS_MAX_COUNT)
  @IsText({ maxBytes: 4 * TAG_MAX_LENGTH, minLength: 1, each: true })
  @MaxLength(TAG_MAX_LENGTH, { each: true })
  tags?: string[];

  @ApiPropertyOptional({ example: ['subagent'], default: [], type: [String] })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(TAGS_MAX_COUNT)
  @IsText({ maxBytes: 4 * TAG_MAX_LENGTH, minLength: 1, each: true })
  @MaxLength(TAG_MAX_LENGTH, { each: true })
  labels?: string[];

  @ApiPropertyOptional({ example: 'You would rather ask one more question than approve what you do not understand.' })
  @MayBeLeftOut()
  @IsText({ maxBytes: SOUL_MAX_BYTES })
  soul?: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    default: null,
    example: { standard: { protocol: 'AIEOS', version: '1.2.1' }, identity: { names: { first: 'Ines' } } },
    description: 'An AIEOS document, kept as given',
  })
  @IsOptional()
  @IsJsonObject({ maxBytes: IDENTITY_MAX_BYTES, maxDepth: JSON_MAX_DEPTH })
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
    type: 'array',
    items: { oneOf: [{ type: 'string' }, { type: 'object', minProperties: 1, maxProperties: 1 }] },
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

  @ApiPropertyOptional({ type: ManifestDto })
  @MayBeLeftOut()
  @IsObject()
  @ValidateNested()
  manifest?: ManifestDto;

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
