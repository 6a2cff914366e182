import { ApiProperty, OmitType } from '@nestjs/swagger';
import type { Page } from '../../../domain/page.js';
import type { TemplateSummary } from '../../../domain/templates/template.js';
import { TemplateDto } from './template.dto.js';

/** A template without its long texts. */
export class TemplateSummaryDto extends OmitType(TemplateDto, [
  'soul',
  'aieos_identity',
  'systemPrompt',
  'tools',
  'manifest',
  'extensions',
] as const) {}

export class TemplateListDto {
  @ApiProperty({ type: [TemplateSummaryDto] })
  items!: readonly TemplateSummaryDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor!: string | null;
}

export const toTemplateListDto = ({ items, nextCursor }: Page<TemplateSummary>): TemplateListDto => ({
  items: items.map(toSummaryDto),
  nextCursor,
});

const toSummaryDto = (template: TemplateSummary): TemplateSummaryDto => ({
  id: template.id,
  name: template.name,
  displayName: template.displayName,
  description: template.description,
  role: template.role,
  tags: template.tags,
  labels: template.labels,
  config: template.config,
  version: template.version,
  digest: template.digest,
  createdAt: template.createdAt,
  updatedAt: template.updatedAt,
  archivedAt: template.archivedAt,
});
