import { ApiPropertyOptional } from '@nestjs/swagger';
import type { InstanceEdit } from '../../../domain/agent-instances/agent-instance.js';
import type { JsonObject } from '../../../domain/json.js';
import { SOUL_MAX_BYTES } from '../../../domain/templates/limits.js';
import { IsAieosIdentity } from '../../../platform/http/blueprint/is-aieos-identity.decorator.js';
import { IsDisplayName } from '../../../platform/http/blueprint/is-display-name.decorator.js';
import { IsTagList } from '../../../platform/http/blueprint/is-tag-list.decorator.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';

/** A field that is given replaces the stored one. */
export class UpdateAgentDto implements InstanceEdit {
  @ApiPropertyOptional({ example: 'You are patient, and you write the test first.' })
  @MayBeLeftOut()
  @IsText({ maxBytes: SOUL_MAX_BYTES })
  soul?: string;

  @IsAieosIdentity({
    description: 'An AIEOS document, kept as given; null takes it away. As a merge patch it is merged (RFC 7396)',
  })
  aieos_identity?: JsonObject | null;

  @ApiPropertyOptional({ example: 'Ines' })
  @MayBeLeftOut()
  @IsDisplayName()
  displayName?: string;

  @ApiPropertyOptional({ example: ['frontend'], type: [String] })
  @MayBeLeftOut()
  @IsTagList()
  tags?: string[];
}
