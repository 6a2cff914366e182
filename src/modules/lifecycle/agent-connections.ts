import { Injectable } from '@nestjs/common';
import type { AgentConnection } from '../../domain/runtime/agent-connection.js';
import { ContainerRuntime, type ContainerAddress } from '../../domain/runtime/container-runtime.js';

/** One connection to each running agent, kept open. */
@Injectable()
export class AgentConnections {
  private readonly connections = new Map<string, Promise<AgentConnection>>();

  constructor(private readonly runtime: ContainerRuntime) {}

  /** @throws AgentUnreachableError, AgentSocketUnsafeError */
  async to(container: ContainerAddress): Promise<AgentConnection> {
    const known = this.connections.get(container.id);
    if (known !== undefined) return known;
    const opening = this.runtime.connect(container);
    this.connections.set(container.id, opening);
    try {
      return await opening;
    } catch (error) {
      if (this.connections.get(container.id) === opening) this.connections.delete(container.id);
      throw error;
    }
  }

  /** The one that is open already. */
  async known(containerId: string): Promise<AgentConnection | null> {
    return (await this.connections.get(containerId)?.catch(() => null)) ?? null;
  }

  /** Keeps a connection that is open already. */
  keep(containerId: string, connection: AgentConnection): void {
    this.drop(containerId);
    this.connections.set(containerId, Promise.resolve(connection));
  }

  /** Closes it: the container ended, or its agent does not answer on it. */
  drop(containerId: string): void {
    const known = this.connections.get(containerId);
    this.connections.delete(containerId);
    known?.then(
      (connection) => {
        connection.close();
      },
      () => undefined,
    );
  }

  dropAll(): void {
    for (const id of [...this.connections.keys()]) this.drop(id);
  }
}
