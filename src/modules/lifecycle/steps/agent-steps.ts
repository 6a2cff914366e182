import { Injectable } from '@nestjs/common';
import type { AgentInstance } from '../../../domain/agent-instances/agent-instance.js';
import { DomainError } from '../../../domain/errors/domain-error.js';
import { NotFoundError } from '../../../domain/errors/not-found.error.js';
import { LifecycleRecords } from '../../../domain/lifecycle/lifecycle-records.js';
import type { Replica, ReplicaSecret } from '../../../domain/lifecycle/lifecycle.js';
import { isAlone } from '../../../domain/lifecycle/replicas.js';
import type { AgentConnection } from '../../../domain/runtime/agent-connection.js';
import type { ContainerObservation } from '../../../domain/runtime/container-runtime.js';
import { endOf } from '../../../domain/runtime/container-ends.js';
import { AgentUnreachableError, ContainerExitedError } from '../../../domain/runtime/runtime-errors.js';
import { configurationOf } from '../agent-configuration.js';
import { Engine } from '../reconciler/engine.js';
import type { ReplicaHold } from '../reconciler/replica-hold.js';
import { AgentArrival } from './agent-arrival.js';
import { containerOf } from './container-of.js';
import type { Seen } from './container-steps.js';
import { HookSteps } from './hook-steps.js';
import { SecretDelivery } from './secret-delivery.js';

/** What is known once the agent has been told who it is. */
interface Greeted {
  readonly replica: Replica;
  readonly observation: ContainerObservation;
}

/** Steps that talk with the agent. */
@Injectable()
export class AgentSteps {
  constructor(
    private readonly records: LifecycleRecords,
    private readonly engine: Engine,
    private readonly arrival: AgentArrival,
    private readonly hooks: HookSteps,
    private readonly secrets: SecretDelivery,
  ) {}

  /** starting → running. */
  async launch(hold: ReplicaHold, container: Seen): Promise<Seen> {
    const id = containerOf(hold);
    // Never started: what is to be installed first is not.
    if (container?.state === 'created' && !(await this.hooks.run(hold))) return undefined;
    // Read while the container starts. An edit made meanwhile raises the revision, and is told afterwards.
    const whole = this.readWhole(hold);
    let given: Awaited<ReturnType<SecretDelivery['giveBeforeStart']>> = null;
    if (container?.state === 'paused') {
      await this.engine.call(hold, 'Resuming the container', (runtime) => runtime.unpause(id));
    } else if (container?.state !== 'running') {
      given = await this.secrets.giveBeforeStart(hold);
      if (given === 'interrupted') return undefined;
      await this.engine.call(hold, 'Starting the container', (runtime) => runtime.start(id));
    }
    const agent = await this.comeUp(hold, whole, given);
    if (agent === null) return undefined;
    const { replica, observation } = agent;
    const { lifecycle } = hold.instance;
    const { desired } = lifecycle;
    const isAsWanted = desired.state === 'running' && desired.restartToken === replica.restartToken;
    await hold.transition({
      to: 'running',
      reason: 'agent-healthy',
      replica,
      error: null,
      // With other replicas it is dealt with once they are there, or gone.
      ...(isAsWanted && isAlone(lifecycle) ? { observedGeneration: desired.generation } : {}),
    });
    return observation;
  }

  /** Tells a running agent its newest revision. */
  async configure(hold: ReplicaHold): Promise<Seen> {
    const whole = this.readWhole(hold);
    const agent = await this.arrival.reachable(hold, async (connection) =>
      this.introduce(hold, connection, whole, await this.giveAnew(hold, connection)),
    );
    if (agent === null) return undefined;
    await hold.updateReplica(agent.replica);
    return agent.observation;
  }

  /** While it comes up, ending is a failure to start; of memory it tells more to say that this was it. */
  private async comeUp(
    hold: ReplicaHold,
    whole: Promise<AgentInstance | null>,
    givenBefore: readonly ReplicaSecret[] | null,
  ): Promise<Greeted | null> {
    let given = givenBefore;
    try {
      return await this.arrival.healthy(hold, async (connection) => {
        // Before its health is looked at: it may wait for them to become healthy.
        given ??= await unlessRefused(this.secrets.give(hold, connection));
        return this.introduce(hold, connection, whole, given);
      });
    } catch (error) {
      if (!(error instanceof ContainerExitedError) || error.code === 'CONTAINER_OUT_OF_MEMORY') throw error;
      throw new DomainError('CONTAINER_START_FAILED', error.message, { cause: error, details: error.details });
    }
  }

  /** A container that somebody started again has lost what it was given; any other keeps it. @returns null when it does */
  private async giveAnew(hold: ReplicaHold, connection: AgentConnection): Promise<readonly ReplicaSecret[] | null> {
    const [replica] = hold.instance.lifecycle.replicas;
    if ((replica?.secrets ?? []).length === 0) return null;
    const id = containerOf(hold);
    const seen = await this.engine.call(hold, 'Looking at the container', (runtime) => runtime.inspect(id));
    return seen?.pid === replica?.pid ? null : unlessRefused(this.secrets.give(hold, connection));
  }

  /** Tells the agent who it is, as the first that it hears but for its secrets, and notes what its container looks like now. */
  private async introduce(
    hold: ReplicaHold,
    connection: AgentConnection,
    reading: Promise<AgentInstance | null>,
    secrets: readonly ReplicaSecret[] | null,
  ): Promise<Greeted> {
    const whole = await reading;
    if (whole === null) throw new NotFoundError('agent', hold.instance.id);
    const id = containerOf(hold);
    hold.assertAlive();
    const [observation] = await Promise.all([
      this.engine.call(hold, 'Looking at the container', (runtime) => runtime.inspect(id)),
      unlessRefused(connection.configure(configurationOf(whole))),
    ]);
    const end = endOf(id, observation);
    if (end !== null) throw end;
    const [replica] = hold.instance.lifecycle.replicas;
    if (replica === undefined || observation?.state !== 'running') {
      throw new ContainerExitedError(id, observation?.exitCode ?? null, observation?.oomKilled ?? false);
    }
    const { pid, startedAt } = observation;
    return {
      replica: {
        ...replica,
        ...(secrets === null ? {} : { secrets }),
        pid,
        startedAt,
        configuredRevision: whole.revision,
        health: 'healthy',
        endpoint: connection.endpoint,
      },
      observation,
    };
  }

  /** A failure shows where the result is awaited, or not at all where nobody needs it any more. */
  private readWhole(hold: ReplicaHold): Promise<AgentInstance | null> {
    const whole = this.records.findWhole(hold.instance.id);
    whole.catch(() => undefined);
    return whole;
  }
}

/** What answers, and refuses, does not come up by being asked again. */
async function unlessRefused<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    if (!(error instanceof AgentUnreachableError) || error.details['status'] === undefined) throw error;
    throw new DomainError(error.code, error.message, { cause: error, details: error.details });
  }
}
