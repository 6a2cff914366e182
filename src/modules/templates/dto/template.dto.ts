import { ApiProperty } from '@nestjs/swagger';
import type { JsonObject } from '../../../domain/json.js';
import type { AgentConfig, ToolReference } from '../../../domain/templates/blueprint.js';
import type { Manifest } from '../../../domain/templates/manifest.js';
import type { Template } from '../../../domain/templates/template.js';
import { AIEOS_IDENTITY, MANIFEST, TOOL_LIST } from '../../../platform/http/blueprint/blueprint-schemas.js';
import { AgentConfigDto } from './agent-config.dto.js';

/** A template as its newest version shows it. */
export class TemplateDto {
  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a10' })
  id!: string;

  @ApiProperty({ example: 'reviewer' })
  name!: string;

  @ApiProperty({ example: 'Reviewer' })
  displayName!: string;

  @ApiProperty({ example: 'Reads every change before it is merged' })
  description!: string;

  @ApiProperty({ example: 'reviewer' })
  role!: string;

  @ApiProperty({ example: ['quality'], type: [String] })
  tags!: readonly string[];

  @ApiProperty({ example: ['subagent'], type: [String] })
  labels!: readonly string[];

  @ApiProperty({ example: 'You would rather ask one more question than approve what you do not understand.' })
  soul!: string;

  @ApiProperty(AIEOS_IDENTITY)
  aieos_identity!: JsonObject | null;

  @ApiProperty({ example: 'You review code on <%= process.platform %>.' })
  systemPrompt!: string;

  @ApiProperty({ ...TOOL_LIST, example: ['fs__file__view'] })
  tools!: readonly ToolReference[];

  @ApiProperty({ type: AgentConfigDto })
  config!: AgentConfig;

  @ApiProperty(MANIFEST)
  manifest!: Manifest;

  @ApiProperty({ type: 'object', additionalProperties: true, example: {} })
  extensions!: JsonObject;

  @ApiProperty({ example: 3 })
  version!: number;

  @ApiProperty({
    description: 'SHA-256 over the canonical JSON (RFC 8785) of name and content',
    example: '2d70999ae1805e4bcef9b4ab3a4b827f578c61740f30076fcdc35c7ae7f586b3',
  })
  digest!: string;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  createdAt!: Date;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  updatedAt!: Date;

  @ApiProperty({ type: Date, nullable: true, example: null })
  archivedAt!: Date | null;
}

export function toTemplateDto(template: Template): TemplateDto {
  const { content } = template;
  return {
    id: template.id,
    name: template.name,
    displayName: content.displayName,
    description: content.description,
    role: content.role,
    tags: content.tags,
    labels: content.labels,
    soul: content.soul,
    aieos_identity: content.aieos_identity,
    systemPrompt: content.systemPrompt,
    tools: content.tools,
    config: content.config,
    manifest: content.manifest,
    extensions: content.extensions,
    version: template.version,
    digest: template.digest,
    createdAt: template.createdAt,
    updatedAt: template.updatedAt,
    archivedAt: template.archivedAt,
  };
}
