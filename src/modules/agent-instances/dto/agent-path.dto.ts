import type { AgentInstanceId, ProjectId } from '../../../domain/ids.js';
import { IsId } from '../../../platform/http/is-id.decorator.js';

export class AgentsPath {
  @IsId('The project')
  projectId!: ProjectId;
}

export class AgentPath extends AgentsPath {
  @IsId('The agent')
  id!: AgentInstanceId;
}
