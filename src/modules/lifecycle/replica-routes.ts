import { Injectable, Logger } from '@nestjs/common';
import type { AgentInstanceId } from '../../domain/ids.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { runningContainer } from '../../domain/lifecycle/replicas.js';
import { byTurns, firstOnes, servingReplicas } from '../../domain/lifecycle/serving-replicas.js';
import { AgentNotRunningError } from '../../domain/runs/agent-not-running.error.js';
import type { AgentConnection } from '../../domain/runtime/agent-connection.js';
import {
  AgentSocketUnsafeError,
  AgentUnreachableError,
  RuntimeError,
  type RuntimeFailure,
} from '../../domain/runtime/runtime-errors.js';
import type { Tunnel } from '../../domain/runtime/tunnel.js';
import { AgentConnections } from './agent-connections.js';
import { ContainerPlanner } from './container-planner.js';
import { LifecycleSettings } from './lifecycle-settings.js';
import { within } from './within.js';

/** Agents whose turns are remembered; one that is forgotten begins with its first replica again. */
const MOST_AGENTS = 10_000;
/** What an engine says of one container that is there, and not of itself. */
const OF_ONE_CONTAINER: readonly RuntimeFailure[] = ['refused', 'timeout'];

/** @param isLast there is no other that could be asked */
type Work<T> = (replica: number, isLast: boolean) => Promise<T>;

export interface Turn {
  /** Whether the next replica is tried after such a failure. */
  readonly leadsOn: (error: unknown) => boolean;
  /** Nobody waits any more once it is aborted. */
  readonly signal?: AbortSignal;
}

/** A replica that answers, and the connection to it. */
export interface AnsweringReplica {
  readonly replica: number;
  readonly connection: AgentConnection;
}

/** Leads what goes to an agent, and not to a replica that was named, to one that can be reached. */
@Injectable()
export class ReplicaRoutes {
  private readonly logger = new Logger(ReplicaRoutes.name);
  /** Whose turn it was last. Of this process alone: each one that carries for an agent counts by itself. */
  private readonly turns = new Map<AgentInstanceId, number>();

  constructor(
    private readonly connections: AgentConnections,
    private readonly planner: ContainerPlanner,
    private readonly settings: LifecycleSettings,
  ) {}

  /**
   * Has the replicas that can serve do something, by turns, until one of them does or its failure leads no further.
   * @throws AgentNotRunningError when none can serve; else what the last one threw that was tried; the signal's reason
   */
  async byTurns<T>(instance: ManagedInstance, work: Work<T>, turn: Turn): Promise<T> {
    const { id } = instance;
    const order = byTurns(servingReplicas(instance), this.turns.get(id) ?? null);
    const inTurn: Work<T> = async (replica, isLast) => {
      if (order.length > 1) this.remember(id, replica);
      return work(replica, isLast);
    };
    return this.inOrder(instance, order, inTurn, turn);
  }

  /**
   * A connection to a port of the loopback of the next replica that takes it.
   * @throws AgentNotRunningError, AgentUnreachableError, AgentSocketUnsafeError; the signal's reason
   */
  async tunnel(instance: ManagedInstance, port: number, signal: AbortSignal): Promise<Tunnel> {
    const open: Work<Tunnel> = async (replica, isLast) => {
      const opening = this.to(instance, replica).then(async (connection) => connection.tunnel(port));
      return isLast ? opening : this.inTime(opening, `Replica ${replica} of agent ${instance.id}`);
    };
    return this.byTurns(instance, open, { signal, leadsOn: isOfOneReplica });
  }

  /**
   * The first replica that answers. It is asked whether it does where another one could be taken instead, before something is begun that
   * cannot be begun twice.
   * @throws AgentNotRunningError, AgentUnreachableError, AgentSocketUnsafeError
   */
  async answering(instance: ManagedInstance): Promise<AnsweringReplica> {
    const order = firstOnes(servingReplicas(instance));
    const reach: Work<AnsweringReplica> = async (replica, isLast) => {
      const connection = await this.to(instance, replica);
      if (!isLast) await connection.health();
      return { replica, connection };
    };
    return this.inOrder(instance, order, reach, { leadsOn: isOfOneReplica });
  }

  private async to(instance: ManagedInstance, replica: number): Promise<AgentConnection> {
    const containerId = runningContainer(instance, replica);
    return this.connections.to(await this.planner.addressOf(instance, replica, containerId));
  }

  private async inOrder<T>(instance: ManagedInstance, order: readonly number[], work: Work<T>, turn: Turn): Promise<T> {
    // Where none can serve, the first one says what it is instead.
    const [replica = 0, ...others] = order;
    turn.signal?.throwIfAborted();
    try {
      return await work(replica, others.length === 0);
    } catch (error) {
      if (others.length === 0 || !turn.leadsOn(error)) throw error;
      this.logger.debug({
        msg: 'a replica could not be reached; the next is tried',
        agent: instance.id,
        replica,
        err: error,
      });
    }
    return this.inOrder(instance, others, work, turn);
  }

  /** One that hangs must not keep those who could go to another. What it opens later is closed. */
  private async inTime(opening: Promise<Tunnel>, what: string): Promise<Tunnel> {
    try {
      return await within(this.settings.replicaPatienceMs, what, opening);
    } catch (error) {
      opening.then(
        (tunnel) => {
          tunnel.close();
        },
        () => undefined,
      );
      throw error;
    }
  }

  private remember(id: AgentInstanceId, replica: number): void {
    this.turns.delete(id);
    this.turns.set(id, replica);
    const [oldest] = this.turns.keys();
    if (this.turns.size > MOST_AGENTS && oldest !== undefined) this.turns.delete(oldest);
  }
}

/** There is nobody to ask, so that nothing can have begun there. */
export const isNotThere = (error: unknown): boolean =>
  error instanceof AgentUnreachableError ||
  error instanceof AgentNotRunningError ||
  (error instanceof RuntimeError && error.failure === 'not-found');

/** Another replica may do better. */
const isOfOneReplica = (error: unknown): boolean =>
  isNotThere(error) ||
  error instanceof AgentSocketUnsafeError ||
  (error instanceof RuntimeError && OF_ONE_CONTAINER.includes(error.failure));
