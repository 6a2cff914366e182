import { ApiPropertyOptional } from '@nestjs/swagger';
import { ROLE_MAX_LENGTH } from '../../../domain/projects/project.js';
import { ROLE, ROLE_RULE } from '../../../domain/templates/limits.js';
import { IsDisplayName } from '../../../platform/http/blueprint/is-display-name.decorator.js';
import { IsReason } from '../../../platform/http/is-reason.decorator.js';
import { IsText } from '../../../platform/http/is-text.decorator.js';
import { MayBeLeftOut } from '../../../platform/http/may-be-left-out.decorator.js';

/** Where the new agent sits, and why there is one. */
export class ForkSnapshotDto {
  @ApiPropertyOptional({
    example: 'developer',
    pattern: ROLE.source,
    maxLength: ROLE_MAX_LENGTH,
    description: "The snapshot's when left out",
  })
  @MayBeLeftOut()
  @IsText({ maxLength: ROLE_MAX_LENGTH, pattern: { expression: ROLE, rule: ROLE_RULE } })
  role?: string;

  @ApiPropertyOptional({ example: 'Ada the second', description: "The snapshot's when left out" })
  @MayBeLeftOut()
  @IsDisplayName()
  displayName?: string;

  @IsReason({
    example: 'to try the other design',
    description: "Why, in your own words. It stands in the agent's seat, and in the event log for good: no secrets",
  })
  reason?: string;
}
