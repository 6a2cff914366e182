import { ApiProperty, OmitType } from '@nestjs/swagger';
import type { Actor } from '../../../domain/events/actor.js';
import type { TemplateVersion } from '../../../domain/templates/template.js';
import { ActorDto } from '../../../platform/http/actor.dto.js';
import { TemplateDto } from './template.dto.js';

/** One version, which never changes. */
export class TemplateVersionDto extends OmitType(TemplateDto, ['updatedAt', 'archivedAt'] as const) {
  @ApiProperty({ type: ActorDto })
  createdBy!: Actor;
}

export function toTemplateVersionDto(template: TemplateVersion): TemplateVersionDto {
  const { id, name, content, version, digest, versionCreatedAt, versionCreatedBy } = template;
  return { id, name, ...content, version, digest, createdAt: versionCreatedAt, createdBy: versionCreatedBy };
}
