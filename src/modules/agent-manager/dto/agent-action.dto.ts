import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { LIFECYCLE_ACTIONS, type LifecycleAction } from '../../../domain/lifecycle/lifecycle-states.js';
import { ActionDetails } from '../../../platform/http/action-details.dto.js';
import { SHOWN_STATUSES } from '../agent-status.js';

/** What can be asked of an agent: its lifecycle's actions, and to go and give its seat up. */
export const AGENT_ACTIONS = [...LIFECYCLE_ACTIONS, 'unregister'] as const;
export type AgentAction = LifecycleAction | 'unregister';

export class AgentActionDto extends ActionDetails {
  @ApiProperty({ enum: AGENT_ACTIONS, example: 'stop' })
  @IsIn(AGENT_ACTIONS, { message: `must be one of ${AGENT_ACTIONS.join(', ')}` })
  readonly action!: AgentAction;
}

export class AgentActionResultDto {
  @ApiProperty({ enum: [true], example: true })
  readonly ok!: true;

  @ApiProperty({ example: '66f2a1c09b1e8a4d3c5f7a10' })
  readonly agent_id!: string;

  @ApiProperty({ enum: AGENT_ACTIONS, example: 'stop' })
  readonly action!: AgentAction;

  @ApiProperty({ enum: SHOWN_STATUSES, example: 'stopped' })
  readonly status!: string;
}
