import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../../../domain/errors/domain-error.js';
import { containerLimits } from '../../../domain/lifecycle/container-limits.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import { nameOfProbe, upkeepOf } from '../../../domain/lifecycle/upkeep.js';
import type { AgentConnection } from '../../../domain/runtime/agent-connection.js';
import { endOf } from '../../../domain/runtime/container-ends.js';
import {
  AgentUnreachableError,
  CompanionExitedError,
  ContainerExitedError,
  RuntimeError,
} from '../../../domain/runtime/runtime-errors.js';
import { AgentConnections } from '../agent-connections.js';
import { ContainerPlanner } from '../container-planner.js';
import { Engine } from '../reconciler/engine.js';
import type { ReplicaHold } from '../reconciler/replica-hold.js';
import { HealthProbes } from '../upkeep/health-probes.js';
import { containerOf } from './container-of.js';

/** A program that listens after a tenth of a second is not made to wait for a second; one that takes a minute is asked seldom. */
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 1000;

/**
 * How long a program without a health check of its own has to go on until it is called up: one that ends at once is told as
 * that, and not as running. In milliseconds. (An agent-server's answer says as much of itself.)
 */
const GOES_ON_MS = 500;

/** Says to an agent what is to be said first. Asked again for as long as it does not answer at all. */
export type Greeting<T> = (connection: AgentConnection) => Promise<T>;

/** Waits for agents: until their agent-server answers, and, when they have just been started, until they are healthy. */
@Injectable()
export class AgentArrival {
  constructor(
    private readonly engine: Engine,
    private readonly planner: ContainerPlanner,
    private readonly connections: AgentConnections,
    private readonly probes: HealthProbes,
  ) {}

  /**
   * Its agent-server answers the greeting.
   * @returns what came of that; null when something else is wanted meanwhile
   * @throws DomainError HEALTH_CHECK_TIMEOUT, ContainerExitedError, AgentSocketUnsafeError, LeaseLostError, the greeting's own
   */
  async reachable<T>(hold: ReplicaHold, greet: Greeting<T>): Promise<T | null> {
    return this.awaited(hold, async (signal) => this.reach(hold, signal, greet));
  }

  /** The agent-server of its companion answers, before its own container is started. @throws as `reachable`; CompanionExitedError */
  async companion(hold: ReplicaHold, companionId: string): Promise<AgentConnection | null> {
    const address = await this.planner.addressOf(hold.instance, hold.replica, companionId);
    try {
      return await this.awaited(
        hold,
        async (signal) => (await this.engine.runtime.waitUntilReachable(address, signal)).connection,
      );
    } catch (error) {
      if (!(error instanceof ContainerExitedError)) throw error;
      throw new CompanionExitedError(containerOf(hold), await this.engine.runtime.inspect(companionId));
    }
  }

  /** Its agent-server answers the greeting, and then the health check of its manifest passes; otherwise as `reachable`. */
  async healthy<T>(hold: ReplicaHold, greet: Greeting<T>): Promise<T | null> {
    const seen: { fault: string | null } = { fault: null };
    return this.awaited(
      hold,
      async (signal) => {
        const answer = await this.reach(hold, signal, greet);
        await this.passCheck(hold, seen, signal);
        return answer;
      },
      seen,
    );
  }

  private async awaited<T>(
    hold: ReplicaHold,
    wait: (signal: AbortSignal) => Promise<T>,
    seen: { readonly fault: string | null } = { fault: null },
  ): Promise<T | null> {
    const limitMs = startLimitMs(hold.instance);
    const limit = AbortSignal.timeout(limitMs);
    try {
      return await hold.wait(() => wait(AbortSignal.any([limit, hold.lost, hold.interrupted])));
    } catch (error) {
      hold.assertAlive();
      if (error instanceof DomainError) throw error;
      if (hold.interrupted.aborted) return null;
      if (!limit.aborted) throw error;
      throw lateError(hold.instance, limitMs / 1000, seen.fault, error);
    }
  }

  private async reach<T>(hold: ReplicaHold, signal: AbortSignal, greet: Greeting<T>): Promise<T> {
    const id = containerOf(hold);
    const known = await this.connections.known(id);
    if (known !== null) {
      const answer = await unlessUnreachable(greet(known));
      if (answer !== null) return answer.value;
    }
    const address = await this.planner.addressOf(hold.instance, hold.replica, id);
    const { connection, answer } = await this.engine.runtime.waitForAnswer(address, signal, greet);
    this.connections.keep(id, connection);
    return answer;
  }

  private async passCheck(hold: ReplicaHold, seen: { fault: string | null }, signal: AbortSignal): Promise<void> {
    const { instance } = hold;
    const id = containerOf(hold);
    if (upkeepOf(instance.manifest).probe.kind === 'agent') {
      // agent-server has just answered: for itself, or as another program's companion.
      if (!hasCompanion(hold)) return;
      await sleep(GOES_ON_MS, undefined, { signal });
      await this.assertRunning(id);
      return;
    }
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      signal.throwIfAborted();
      seen.fault = await this.faultOf(hold, id);
      if (seen.fault === null) return;
      await this.assertRunning(id);
      await sleep(waitMs, undefined, { signal });
    }
  }

  private async faultOf({ instance, replica }: ReplicaHold, containerId: string): Promise<string | null> {
    try {
      return await this.probes.faultOf(instance, containerId, replica);
    } catch (error) {
      // What became of it is looked at next.
      if (error instanceof RuntimeError && error.failure === 'not-found') return 'the container does not run';
      throw error;
    }
  }

  private async assertRunning(id: string): Promise<void> {
    const end = endOf(id, await this.engine.runtime.inspect(id));
    if (end !== null) throw end;
  }
}

/** null: nobody answers on that connection, and another one may be answered. */
async function unlessUnreachable<T>(asking: Promise<T>): Promise<{ readonly value: T } | null> {
  try {
    return { value: await asking };
  } catch (error) {
    if (error instanceof AgentUnreachableError) return null;
    throw error;
  }
}

const hasCompanion = ({ instance: { lifecycle } }: ReplicaHold): boolean =>
  (lifecycle.replicas[0]?.companionId ?? null) !== null;

/** A start period longer than the time to start makes that longer too. */
function startLimitMs({ manifest }: ManagedInstance): number {
  const { probe, startPeriodMs } = upkeepOf(manifest);
  const startMs = containerLimits(manifest).startTimeoutSeconds * 1000;
  return probe.kind === 'agent' ? startMs : Math.max(startMs, startPeriodMs);
}

function lateError({ manifest }: ManagedInstance, seconds: number, fault: string | null, cause: unknown): DomainError {
  const name = nameOfProbe(upkeepOf(manifest).probe);
  const last = fault === null ? '' : ` Its health check (${name}), the last time: ${fault}.`;
  return new DomainError('HEALTH_CHECK_TIMEOUT', `The agent did not become healthy within ${seconds} s.${last}`, {
    cause,
    details: { seconds, fault },
  });
}
