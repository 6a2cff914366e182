import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { AgentNotRunningError } from '../../domain/runs/agent-not-running.error.js';
import { ContainerRuntime, type ContainerProgram } from '../../domain/runtime/container-runtime.js';

/** Which program is an agent's MCP server. */
@Injectable()
export class McpPrograms {
  constructor(private readonly runtime: ContainerRuntime) {}

  /**
   * What the manifest says; else the container's own program, unless that is agent-server, which speaks something else.
   * @throws DomainError MCP_NOT_OFFERED, AgentNotRunningError, RuntimeError
   */
  async of({ id, manifest }: ManagedInstance, containerId: string): Promise<ContainerProgram> {
    const container = await this.runtime.inspect(containerId);
    if (container?.state !== 'running') throw new AgentNotRunningError(id, 'not running any more');
    const { program = null, companion = null } = container;
    const command = manifest.mcp?.command ?? (companion === null ? null : (program?.command ?? null));
    if (command === null) {
      throw new DomainError(
        'MCP_NOT_OFFERED',
        `Agent ${id} has no MCP server: its image brings agent-server, and its manifest names no other program. Give the manifest an mcp.command.`,
        { details: { id } },
      );
    }
    return { command, cwd: program?.cwd ?? '/' };
  }
}
