import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../../../domain/errors/domain-error.js';
import { containerLimits } from '../../../domain/lifecycle/container-limits.js';
import type { Step } from '../../../domain/lifecycle/next-step.js';
import { AgentConnections } from '../agent-connections.js';
import { Engine } from '../reconciler/engine.js';
import type { ReplicaHold } from '../reconciler/replica-hold.js';
import { containerOf } from './container-of.js';
import { PreStopHook, type PreStopOutcome } from './pre-stop.js';
import type { Seen } from './container-steps.js';

/** Steps that stop, pause and resume. */
@Injectable()
export class PowerSteps {
  private readonly logger = new Logger(PowerSteps.name);

  constructor(
    private readonly engine: Engine,
    private readonly connections: AgentConnections,
    private readonly preStop: PreStopHook,
  ) {}

  /** stopping → stopped. */
  async stop(hold: ReplicaHold): Promise<Seen> {
    const before = await this.preStop.run(hold);
    await this.stopContainer(hold);
    const reason = before === 'failed' ? 'pre-stop-failed' : 'container-stopped';
    await hold.transition({ to: 'stopped', reason, error: null });
    return undefined;
  }

  /** running → paused. */
  async pause(
    hold: ReplicaHold,
    container: Seen,
    reason: 'container-paused' | 'snapshot' = 'container-paused',
  ): Promise<Seen> {
    if (container?.state !== 'paused') {
      await this.engine.call(hold, 'Pausing the container', (runtime) => runtime.pause(containerOf(hold)));
    }
    await hold.transition({ to: 'paused', reason, error: null });
    return container && { ...container, state: 'paused' };
  }

  /** paused → running. */
  async resume(hold: ReplicaHold, container: Seen): Promise<Seen> {
    if (container?.state === 'paused') {
      await this.engine.call(hold, 'Resuming the container', (runtime) => runtime.unpause(containerOf(hold)));
    }
    await hold.transition({ to: 'running', reason: 'container-resumed', error: null });
    return container && { ...container, state: 'running' };
  }

  /** Undoes what somebody did behind Muster's back. */
  async undo(hold: ReplicaHold, { by }: Extract<Step, { kind: 'undo' }>): Promise<Seen> {
    if (by === 'stop') await this.stopContainer(hold);
    else await this.engine.call(hold, 'Putting the container right', (runtime) => runtime[by](containerOf(hold)));
    return undefined;
  }

  /** Ends what did not become an agent at once, and what hangs as any other; what they logged stays. */
  async end(hold: ReplicaHold, { atOnce }: { atOnce: boolean }): Promise<void> {
    if (atOnce) return this.stopContainer(hold, 0);
    await this.preStop.run(hold);
    await this.stopContainer(hold);
  }

  /**
   * Before it is removed: one whose manifest has something done first is ended as by a stop; any other is killed with its removal.
   * Nothing that goes wrong here keeps it from being removed.
   * @throws LeaseLostError
   */
  async endBeforeRemoval(hold: ReplicaHold): Promise<PreStopOutcome> {
    const before = await this.preStop.run(hold);
    if (before === 'none') return before;
    try {
      await this.stopContainer(hold);
    } catch (error) {
      hold.assertAlive();
      if (!(error instanceof DomainError)) throw error;
      this.logger.warn({ msg: 'an agent did not stop before its removal', agent: hold.instance.id, err: error });
    }
    return before;
  }

  private async stopContainer(hold: ReplicaHold, seconds = gracePeriodOf(hold)): Promise<void> {
    const id = hold.instance.lifecycle.containerId;
    if (id === null) return;
    this.connections.drop(id);
    const stop = (): Promise<void> =>
      this.engine.call(hold, 'Stopping the container', (runtime) => runtime.stop(id, seconds), seconds * 1000);
    await (seconds > 0 ? hold.wait(stop) : stop());
  }
}

/** A manifest nobody can read keeps no container alive. */
function gracePeriodOf({ instance }: ReplicaHold): number {
  try {
    return containerLimits(instance.manifest).gracePeriodSeconds;
  } catch {
    return 0;
  }
}
