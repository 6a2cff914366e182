import { Injectable } from '@nestjs/common';
import { DomainError } from '../../../domain/errors/domain-error.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import { upkeepOf } from '../../../domain/lifecycle/upkeep.js';
import { RuntimeError } from '../../../domain/runtime/runtime-errors.js';
import { AgentConnections } from '../agent-connections.js';
import { ContainerPlanner } from '../container-planner.js';
import { within } from '../within.js';

/** Asks a running agent once whether it is well. */
@Injectable()
export class HealthProbes {
  constructor(
    private readonly planner: ContainerPlanner,
    private readonly connections: AgentConnections,
  ) {}

  /**
   * @returns what is wrong with it, in Muster's own words (never the agent's); null: it is well
   * @throws RuntimeError when the engine is what does not answer: that says nothing about the agent
   */
  async faultOf(instance: ManagedInstance, containerId: string, replica = 0): Promise<string | null> {
    const { timeoutMs } = upkeepOf(instance.manifest);
    try {
      await within(timeoutMs, 'The health check', this.askAgent(instance, containerId, replica));
      return null;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.connections.drop(containerId);
      if (error instanceof RuntimeError && error.failure === 'timeout') return `no answer within ${timeoutMs / 1000} s`;
      if (error instanceof RuntimeError) throw error;
      return error.code === 'AGENT_SOCKET_UNSAFE'
        ? 'agent.sock is not a socket any more'
        : 'agent-server does not answer';
    }
  }

  private async askAgent(instance: ManagedInstance, containerId: string, replica: number): Promise<void> {
    const owner = await this.planner.ownerOf(instance, replica);
    const address = { id: containerId, privateFolder: this.planner.privateFolderOf(owner) };
    await (await this.connections.to(address)).health();
  }
}
