import { Injectable } from '@nestjs/common';
import { DomainError } from '../../../domain/errors/domain-error.js';
import { endedCode } from '../../../domain/lifecycle/ended-by-itself.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import type { Step } from '../../../domain/lifecycle/next-step.js';
import { hasItsCompanion } from '../../../domain/runtime/container-ends.js';
import { howCompanionEnded } from '../../../domain/runtime/runtime-errors.js';
import { nameOfProbe, upkeepOf } from '../../../domain/lifecycle/upkeep.js';
import { UpkeepRecords } from '../../../domain/lifecycle/upkeep-records.js';
import { AgentSteps } from '../steps/agent-steps.js';
import { ContainerSteps, type Seen } from '../steps/container-steps.js';
import { PowerSteps } from '../steps/power-steps.js';
import { SeedSteps } from '../steps/seed-steps.js';
import type { Hold } from './hold.js';
import type { ReplicaHold } from './replica-hold.js';

/** Carries out one step. */
@Injectable()
export class StepRunner {
  constructor(
    private readonly containers: ContainerSteps,
    private readonly agents: AgentSteps,
    private readonly power: PowerSteps,
    private readonly seeds: SeedSteps,
    private readonly upkeep: UpkeepRecords,
  ) {}

  /** @returns what is known about the replica's container afterwards */
  async run(step: Exclude<Step, { kind: 'rest' }>, whole: Hold, replica: number, container: Seen): Promise<Seen> {
    const hold = whole.of(replica);
    switch (step.kind) {
      case 'look':
        return this.containers.look(hold);
      case 'create':
        return this.containers.create(hold);
      case 'seed':
        return this.seeds.fill(whole);
      case 'reuse':
        return this.containers.reuse(hold, container);
      case 'retire':
        return this.containers.retire(hold);
      case 'remove':
        return this.containers.remove(hold, await this.power.endBeforeRemoval(hold));
      case 'launch':
        return this.agents.launch(hold, container);
      case 'configure':
        return this.agents.configure(hold);
      case 'pause':
        return this.power.pause(hold, container);
      case 'resume':
        return this.power.resume(hold, container);
      case 'stop':
        return this.power.stop(hold);
      case 'undo':
        return this.power.undo(hold, step);
      case 'move':
        await this.move(hold, step);
        return container;
      case 'sleep':
        await whole.unlessUsed((lease, instance) => this.upkeep.fallAsleep(lease, instance));
        return undefined;
      case 'expire':
        await whole.unlessUsed((lease, instance) => this.upkeep.expire(lease, instance));
        return undefined;
      case 'fail':
        throw new DomainError(
          step.code,
          step.code === 'HEALTH_CHECK_FAILED' ? whatFailed(hold.instance) : howItEnded(container),
        );
    }
  }

  private async move(hold: ReplicaHold, { to, reason }: Extract<Step, { kind: 'move' }>): Promise<void> {
    // What failed before is history once something else is tried.
    const isHistory = hold.instance.lifecycle.state === 'failed';
    const transition = async (): Promise<void> =>
      hold.transition({ to, reason, ...(isHistory ? { error: null } : {}) });
    if (to === 'creating') await this.containers.begin(hold, transition);
    else await transition();
  }

  /** Ends a container whose agent did not come up, or hangs. */
  async end(hold: ReplicaHold, how: { atOnce: boolean }): Promise<void> {
    await this.power.end(hold, how);
  }
}

/** Which check, how often, and what was wrong the last time. */
function whatFailed({ lifecycle, manifest }: ManagedInstance): string {
  const { failures, detail } = lifecycle.healthCheck;
  const times = failures === 1 ? 'once' : `${failures} times in a row`;
  const last = detail === null ? '' : ` The last time: ${detail}.`;
  return `The agent's health check (${nameOfProbe(upkeepOf(manifest).probe)}) failed ${times}.${last}`;
}

function howItEnded(container: Seen): string {
  if (!container) return 'The container is gone: somebody removed it.';
  if (!hasItsCompanion(container) && container.exitCode === null) return howCompanionEnded(container.companion ?? null);
  if (endedCode(container) === 'CONTAINER_OUT_OF_MEMORY')
    return 'The agent used more memory than its limit and was ended.';
  if (container.exitCode !== null) return `The agent ended by itself with exit code ${container.exitCode}.`;
  return `The container is ${container.state}.`;
}
