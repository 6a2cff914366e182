import { Injectable } from '@nestjs/common';
import type { AgentConnection } from '../../domain/runtime/agent-connection.js';
import { ContainerRuntime, type ContainerAddress } from '../../domain/runtime/container-runtime.js';
import { AgentSocketUnsafeError, AgentUnreachableError, isEngineAway } from '../../domain/runtime/runtime-errors.js';

/** One connection to each running agent, kept open. */
@Injectable()
export class AgentConnections {
  private readonly connections = new Map<string, Promise<AgentConnection>>();
  /** What is under way on them goes on, for which container. */
  private readonly retired = new Map<Promise<AgentConnection>, string>();

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
    this.retire(containerId);
    this.connections.set(containerId, Promise.resolve(connection));
  }

  /**
   * Something that was asked of an agent failed. Where nobody answered, the next question goes over a connection that is opened anew; what
   * others have under way on this one goes on, for who is slow to answer one question may be at work on theirs.
   */
  failed(containerId: string, error: unknown): void {
    if (isSilence(error)) this.retire(containerId);
  }

  /** Closes it, and what is under way with it: the container has ended, or is to end. */
  drop(containerId: string): void {
    this.retire(containerId);
    for (const [opening, id] of this.retired) {
      if (id !== containerId) continue;
      this.retired.delete(opening);
      opening.then(
        (connection) => {
          connection.close();
        },
        () => undefined,
      );
    }
  }

  dropAll(): void {
    for (const id of new Set([...this.connections.keys(), ...this.retired.values()])) this.drop(id);
  }

  private retire(containerId: string): void {
    const known = this.connections.get(containerId);
    if (known === undefined) return;
    this.connections.delete(containerId);
    this.retired.set(known, containerId);
    const forget = (): boolean => this.retired.delete(known);
    known.then(async (connection) => connection.retire()).then(forget, forget);
  }
}

/** Nothing came back, so that the connection may be what is wrong. Any answer, whatever it says, shows that it is not. */
const isSilence = (error: unknown): boolean =>
  error instanceof AgentSocketUnsafeError ||
  (error instanceof AgentUnreachableError && !error.hasAnswered) ||
  isEngineAway(error);
