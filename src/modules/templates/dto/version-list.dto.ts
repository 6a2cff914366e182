import { ApiProperty } from '@nestjs/swagger';
import type { Actor } from '../../../domain/events/actor.js';
import type { Page } from '../../../domain/page.js';
import type { VersionSummary } from '../../../domain/templates/template.js';
import { ActorDto } from './actor.dto.js';

export class VersionSummaryDto {
  @ApiProperty({ example: 3 })
  version!: number;

  @ApiProperty({
    description: 'SHA-256 over the canonical JSON (RFC 8785) of name and content',
    example: '2d70999ae1805e4bcef9b4ab3a4b827f578c61740f30076fcdc35c7ae7f586b3',
  })
  digest!: string;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z' })
  createdAt!: Date;

  @ApiProperty({ type: ActorDto })
  createdBy!: Actor;
}

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
