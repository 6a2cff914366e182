import { IntersectionType, PickType } from '@nestjs/swagger';
import { EDITABLE_FIELDS, type InstanceRevision } from '../../../domain/agent-instances/agent-instance.js';
import { AgentInstanceDto } from './agent-instance.dto.js';
import { InstanceRevisionSummaryDto, toInstanceRevisionSummaryDto } from './instance-revision-summary.dto.js';

/** The editable part of an agent as it was at one revision. */
export class InstanceRevisionDto extends IntersectionType(
  InstanceRevisionSummaryDto,
  PickType(AgentInstanceDto, EDITABLE_FIELDS),
) {}

export const toInstanceRevisionDto = (revision: InstanceRevision): InstanceRevisionDto =>
  Object.assign(toInstanceRevisionSummaryDto(revision), {
    soul: revision.soul,
    aieos_identity: revision.aieos_identity,
    displayName: revision.displayName,
    tags: revision.tags,
  });
