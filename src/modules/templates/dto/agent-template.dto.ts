import { ApiProperty } from '@nestjs/swagger';
import type { Page } from '../../../domain/page.js';
import type { Template, TemplateSummary } from '../../../domain/templates/template.js';

/** A template in short, spelt as the agent-manager's routes are. GET /templates/:id shows it whole. */
export class AgentTemplateDto {
  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a10' })
  readonly id!: string;

  @ApiProperty({ example: 'reviewer' })
  readonly name!: string;

  @ApiProperty({ example: 'Reviewer' })
  readonly display_name!: string;

  @ApiProperty({ example: 'Reads every change before it is merged' })
  readonly description!: string;

  @ApiProperty({ example: 'reviewer' })
  readonly role!: string;

  @ApiProperty({ example: ['quality'], type: [String] })
  readonly tags!: readonly string[];

  @ApiProperty({ example: ['subagent'], type: [String] })
  readonly labels!: readonly string[];

  @ApiProperty({ example: 3 })
  readonly version!: number;

  @ApiProperty({ example: '2d70999ae1805e4bcef9b4ab3a4b827f578c61740f30076fcdc35c7ae7f586b3' })
  readonly digest!: string;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  readonly created_at!: Date;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  readonly updated_at!: Date;
}

export class AgentTemplateMadeDto {
  @ApiProperty({ enum: [true], example: true })
  readonly ok!: true;

  @ApiProperty({ type: AgentTemplateDto })
  readonly template!: AgentTemplateDto;
}

export class AgentTemplateListDto {
  @ApiProperty({ enum: [true], example: true })
  readonly ok!: true;

  @ApiProperty({ type: [AgentTemplateDto] })
  readonly templates!: readonly AgentTemplateDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  readonly next_cursor!: string | null;
}

const toDto = (template: Omit<TemplateSummary, 'config' | 'tenantId' | 'archivedAt'>): AgentTemplateDto => ({
  id: template.id,
  name: template.name,
  display_name: template.displayName,
  description: template.description,
  role: template.role,
  tags: template.tags,
  labels: template.labels,
  version: template.version,
  digest: template.digest,
  created_at: template.createdAt,
  updated_at: template.updatedAt,
});

export const toAgentTemplateMadeDto = ({ content, ...head }: Template): AgentTemplateMadeDto => ({
  ok: true,
  template: toDto({ ...content, ...head }),
});

export const toAgentTemplateListDto = ({ items, nextCursor }: Page<TemplateSummary>): AgentTemplateListDto => ({
  ok: true,
  templates: items.map(toDto),
  next_cursor: nextCursor,
});
