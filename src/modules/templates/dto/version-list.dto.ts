import { ApiProperty, PickType } from '@nestjs/swagger';
import type { Page } from '../../../domain/page.js';
import type { VersionSummary } from '../../../domain/templates/template.js';
import { TemplateVersionDto } from './template-version.dto.js';

/** One line of a template's history. */
export class VersionSummaryDto extends PickType(TemplateVersionDto, [
  'version',
  'digest',
  'createdAt',
  'createdBy',
] as const) {}

export class VersionListDto {
  @ApiProperty({ type: [VersionSummaryDto] })
  items!: readonly VersionSummaryDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor!: string | null;
}

export const toVersionListDto = ({ items, nextCursor }: Page<VersionSummary>): VersionListDto => ({
  items: items.map(({ version, digest, versionCreatedAt, versionCreatedBy }) => ({
    version,
    digest,
    createdAt: versionCreatedAt,
    createdBy: versionCreatedBy,
  })),
  nextCursor,
});
