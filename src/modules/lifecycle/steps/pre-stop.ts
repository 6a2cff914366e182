import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../../../domain/errors/domain-error.js';
import { PRE_STOP_TIMEOUT_SECONDS } from '../../../domain/templates/manifest-bounds.js';
import type { PreStop } from '../../../domain/templates/manifest.js';
import { BoundedExec } from '../bounded-exec.js';
import { ContainerPlanner } from '../container-planner.js';
import { Engine } from '../reconciler/engine.js';
import type { ReplicaHold } from '../reconciler/replica-hold.js';

export type PreStopOutcome = 'none' | 'passed' | 'failed';

/** The manifest's preStop: what an agent does before it is told to end. Nothing it does keeps the agent from ending. */
@Injectable()
export class PreStopHook {
  private readonly logger = new Logger(PreStopHook.name);

  constructor(
    private readonly engine: Engine,
    private readonly exec: BoundedExec,
    private readonly planner: ContainerPlanner,
  ) {}

  /**
   * Runs it in a container that is up, paused or not. One whose end was broken off runs it again. Where the agent is only to stop it gives
   * way to what is wanted next; what is being removed does not come back, so there it has all of its time.
   * @throws LeaseLostError
   */
  async run(hold: ReplicaHold): Promise<PreStopOutcome> {
    const { manifest, lifecycle } = hold.instance;
    if (manifest.preStop === undefined || lifecycle.containerId === null) return 'none';
    const { preStop } = manifest;
    const { containerId } = lifecycle;
    try {
      if (!(await this.isUp(hold, containerId))) return 'none';
      const exitCode = await hold.wait(async () => this.bounded(hold, containerId, preStop));
      hold.assertAlive();
      if (exitCode === 0) return 'passed';
      this.logger.warn({ msg: "an agent's preStop failed", agent: hold.instance.id, exitCode });
    } catch (error) {
      hold.assertAlive();
      if (!(error instanceof DomainError)) throw error;
      this.logger.warn({ msg: "an agent's preStop could not be run", agent: hold.instance.id, err: error });
    }
    return 'failed';
  }

  private async isUp(hold: ReplicaHold, id: string): Promise<boolean> {
    const container = await this.engine.call(hold, 'Looking at the container', (runtime) => runtime.inspect(id));
    if (container?.state === 'paused') {
      await this.engine.call(hold, 'Resuming the container', (runtime) => runtime.unpause(id));
    }
    return container?.state === 'running' || container?.state === 'paused';
  }

  private async bounded(
    hold: ReplicaHold,
    containerId: string,
    { command, timeoutSeconds }: PreStop,
  ): Promise<number | null> {
    const limit = AbortSignal.timeout((timeoutSeconds ?? PRE_STOP_TIMEOUT_SECONDS.fallback) * 1000);
    const container = await this.planner.addressOf(hold.instance, hold.replica, containerId);
    const isFinal = hold.instance.lifecycle.state === 'removing';
    const signals = [limit, hold.lost, ...(isFinal ? [] : [hold.interrupted])];
    return this.exec.run(container, command, AbortSignal.any(signals));
  }
}
