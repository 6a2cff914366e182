import type { AgentInstanceId, ProjectId, TerminalId } from '../../../domain/ids.js';
import { IsId } from '../../../platform/http/is-id.decorator.js';

export class TerminalsPath {
  @IsId('The project')
  readonly projectId!: ProjectId;

  @IsId('The agent')
  readonly id!: AgentInstanceId;
}

export class TerminalPath extends TerminalsPath {
  @IsId('The terminal')
  readonly terminalId!: TerminalId;
}
