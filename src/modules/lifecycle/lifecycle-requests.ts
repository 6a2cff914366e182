import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConcurrentUpdateError } from '../../domain/errors/concurrent-update.error.js';
import type { Actor } from '../../domain/events/actor.js';
import { isAllowed } from '../../domain/lifecycle/action-rules.js';
import { LifecycleRecords, type Changed, type InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import { ACTIONS, type LifecycleAction } from '../../domain/lifecycle/lifecycle-states.js';
import { runningHolding } from '../../domain/quotas/holding.js';
import { QuotaGate } from '../../domain/quotas/quota-gate.js';

/** How often a request that was overtaken is decided again on what overtook it. */
const ATTEMPTS = 20;
const LONGEST_PAUSE_MS = 10;

/** Writes what is wanted of an instance. Whatever is to run gets its share of the quotas first. */
@Injectable()
export class LifecycleRequests {
  constructor(
    private readonly records: LifecycleRecords,
    private readonly quotas: QuotaGate,
  ) {}

  /**
   * The claim holds for the generation that was read: a stop that comes between the claim and the request would give the
   * claim back, so the request is then decided anew.
   * @throws NotFoundError, InvalidTransitionError, OutboxFullError, QuotaExceededError
   */
  async request(path: InstancePath, action: LifecycleAction, actor: Actor): Promise<Changed> {
    if (ACTIONS[action] !== 'running') return this.records.request(path, action, actor);
    for (let attempt = 1; ; attempt++) {
      const instance = await this.records.get(path);
      const { state, desired } = instance.lifecycle;
      if (isAllowed(action, state, desired.state)) {
        const holding = runningHolding(instance, desired.replicas, desired.generation);
        await this.quotas.claim(path.tenantId, [holding]);
      }
      try {
        // Not allowed: then it is this that says so.
        return await this.records.request(path, action, actor, desired.generation);
      } catch (error) {
        if (!(error instanceof ConcurrentUpdateError) || attempt === ATTEMPTS) throw error;
        await sleep(Math.random() * LONGEST_PAUSE_MS);
      }
    }
  }
}
