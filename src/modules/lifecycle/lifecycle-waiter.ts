import { Injectable } from '@nestjs/common';
import { LifecycleRecords } from '../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { outcomeOf, type RequestOutcome } from '../../domain/lifecycle/request-outcome.js';
import { Draining } from '../../platform/http/draining.js';
import { LifecycleNotifier } from './lifecycle-notifier.js';
import { LifecycleSettings } from './lifecycle-settings.js';

export interface Waited {
  readonly outcome: RequestOutcome;
  readonly instance: ManagedInstance;
}

/** Waits until a request is dealt with. It reads the document, so any process can serve it. */
@Injectable()
export class LifecycleWaiter {
  constructor(
    private readonly records: LifecycleRecords,
    private readonly notifier: LifecycleNotifier,
    private readonly settings: LifecycleSettings,
    private readonly draining: Draining,
  ) {}

  /**
   * Begins to listen at once.
   * @param requested the instance as the request's own write left it
   * @returns `pending` when the time is up, or this process is about to end
   */
  async wait(requested: ManagedInstance, waitMs: number): Promise<Waited> {
    const { desired } = requested.lifecycle;
    const deadline = performance.now() + waitMs;
    const { signal } = this.draining;
    let seen = requested;
    let wake = (): void => undefined;
    const look = (instance: ManagedInstance): void => {
      // The first answer counts: what is asked for, or fails, afterwards does not undo it.
      if (outcomeOf(seen.lifecycle, desired) === 'pending') seen = instance;
    };
    const stopListening = this.notifier.on(requested.id, (instance) => {
      look(instance);
      wake();
    });
    try {
      for (;;) {
        const outcome = outcomeOf(seen.lifecycle, desired);
        const left = deadline - performance.now();
        if (outcome !== 'pending' || left <= 0 || signal.aborted) return { outcome, instance: seen };
        const told = await new Promise<boolean>((resolve) => {
          const timer = setTimeout(resolve, Math.min(this.settings.waiterPollMs, left), false);
          wake = () => {
            clearTimeout(timer);
            resolve(true);
          };
        });
        if (told) continue;
        const instance = await this.records.find(requested.id);
        if (instance !== null) look(instance);
      }
    } finally {
      stopListening();
    }
  }
}
