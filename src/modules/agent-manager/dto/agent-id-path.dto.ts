import type { AgentInstanceId } from '../../../domain/ids.js';
import { IsId } from '../../../platform/http/is-id.decorator.js';

export class AgentIdPath {
  @IsId('The agent')
  readonly id!: AgentInstanceId;
}
