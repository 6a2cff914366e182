import { Injectable } from '@nestjs/common';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import type { Actor } from '../../domain/events/actor.js';
import { isAllowed } from '../../domain/lifecycle/action-rules.js';
import {
  LifecycleRecords,
  type AskedWith,
  type Changed,
  type InstancePath,
} from '../../domain/lifecycle/lifecycle-records.js';
import { ACTIONS, type LifecycleAction } from '../../domain/lifecycle/lifecycle-states.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { runningHolding } from '../../domain/quotas/holding.js';
import { QuotaGate } from '../../domain/quotas/quota-gate.js';
import { againWhenOvertaken } from '../../platform/again-when-overtaken.js';
import { LifecycleSettings } from './lifecycle-settings.js';
import { EarlyLeases } from './reconciler/early-leases.js';

/** Writes what is wanted of an instance. Whatever is to run gets its share of the quotas first. */
@Injectable()
export class LifecycleRequests {
  constructor(
    private readonly records: LifecycleRecords,
    private readonly quotas: QuotaGate,
    private readonly settings: LifecycleSettings,
    private readonly leases: EarlyLeases,
  ) {}

  /**
   * The claim holds for the generation that was read: a stop that comes between the claim and the request would give the
   * claim back, so the request is then decided anew.
   * @param asked `replicas` of a scale alone
   * @throws NotFoundError, InvalidTransitionError, OutboxFullError, QuotaExceededError
   * @throws ValidationFailedError when there cannot be so many
   */
  async request(path: InstancePath, action: LifecycleAction, actor: Actor, asked: AskedWith = {}): Promise<Changed> {
    const { replicas } = asked;
    this.assertPossible(action, replicas);
    if (action !== 'scale' && ACTIONS[action] !== 'running') return this.write(path, action, actor, undefined, asked);
    return againWhenOvertaken(async () => {
      const instance = await this.records.get(path);
      const { state, desired } = instance.lifecycle;
      if (isAllowed(action, state, desired.state)) await this.claim(instance, action, replicas);
      // Not allowed: then it is this that says so.
      return this.write(path, action, actor, desired.generation, asked);
    });
  }

  private async write(
    path: InstancePath,
    action: LifecycleAction,
    actor: Actor,
    generation: number | undefined,
    asked: AskedWith,
  ): Promise<Changed> {
    return this.leases.with(path.id, async (terms) =>
      this.records.request(path, action, actor, generation, asked, terms),
    );
  }

  /** One that is not to run claims nothing by being scaled: its next start does. */
  private async claim(instance: ManagedInstance, action: LifecycleAction, replicas?: number): Promise<void> {
    const { lifecycle, tenantId } = instance;
    const { desired } = lifecycle;
    const isToRun = action !== 'scale' || desired.state === 'running' || desired.state === 'paused';
    if (!isToRun) return;
    // What is scaled down gives back once it is gone.
    const most = Math.max(replicas ?? desired.replicas, lifecycle.replicas.length);
    await this.quotas.claim(tenantId, [runningHolding(instance, most, desired.generation)]);
  }

  private assertPossible(action: LifecycleAction, replicas: number | undefined): void {
    const { maxReplicas } = this.settings;
    const detail =
      action !== 'scale' ? (replicas === undefined ? null : 'goes with scale alone') : faultOf(replicas, maxReplicas);
    if (detail !== null) throw new ValidationFailedError([{ pointer: '/replicas', detail }]);
  }
}

function faultOf(replicas: number | undefined, max: number): string | null {
  if (replicas === undefined) return 'must be given: how many copies there are to be';
  if (replicas === 0) return 'must be at least 1: to have none running, use stop';
  return Number.isInteger(replicas) && replicas > 0 && replicas <= max
    ? null
    : `must be a whole number from 1 to ${max}`;
}
