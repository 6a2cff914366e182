import type { AgentInstanceId, ProjectId } from '../../../domain/ids.js';
import { IsId } from '../../../platform/http/is-id.decorator.js';

export class McpPath {
  @IsId('The project')
  readonly projectId!: ProjectId;

  @IsId('The agent')
  readonly id!: AgentInstanceId;
}
