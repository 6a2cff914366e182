import { ApiProperty } from '@nestjs/swagger';
import type { AgentInstance } from '../../../domain/agent-instances/agent-instance.js';
import type { Page } from '../../../domain/page.js';
import { AgentInstanceDto, toAgentInstanceDto } from './agent-instance.dto.js';

export class AgentInstanceListDto {
  @ApiProperty({ type: [AgentInstanceDto] })
  items!: readonly AgentInstanceDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor!: string | null;
}

export const toAgentInstanceListDto = ({ items, nextCursor }: Page<AgentInstance>): AgentInstanceListDto => ({
  items: items.map(toAgentInstanceDto),
  nextCursor,
});
