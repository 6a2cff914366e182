import { Injectable } from '@nestjs/common';
import { LifecycleRecords } from '../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { outcomeOf, type Asked, type RequestOutcome } from '../../domain/lifecycle/request-outcome.js';
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
   * @param asked what of it the request was about
   * @returns `pending` when the time is up, or this process is about to end
   */
  async wait(requested: ManagedInstance, waitMs: number, asked: Asked): Promise<Waited> {
    const outcome = (instance: ManagedInstance): RequestOutcome => outcomeOf(instance.lifecycle, asked);
    const instance = await this.until(requested, (seen) => outcome(seen) !== 'pending', waitMs, this.draining.signal);
    return { outcome: outcome(instance), instance };
  }

  /** Waits until its workspace is as it is to be, or it has failed in that. */
  async filled(from: ManagedInstance, waitMs: number): Promise<ManagedInstance> {
    const isOver = ({ lifecycle: { seed = null, state } }: ManagedInstance): boolean =>
      seed === null || state === 'failed' || state === 'removed';
    return this.until(from, isOver, waitMs, this.draining.signal);
  }

  /**
   * Waits until an instance is as wanted.
   * @returns it as it was then: the first answer counts, whatever comes afterwards. Or as last seen, when the time is up
   * or the signal is aborted
   */
  async until(
    from: ManagedInstance,
    isOver: (instance: ManagedInstance) => boolean,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<ManagedInstance> {
    const deadline = performance.now() + waitMs;
    let seen = from;
    let wake = (): void => undefined;
    const look = (instance: ManagedInstance): void => {
      if (!isOver(seen)) seen = instance;
    };
    const stopListening = this.notifier.on(from.id, (instance) => {
      look(instance);
      wake();
    });
    try {
      for (;;) {
        const left = deadline - performance.now();
        if (isOver(seen) || left <= 0 || signal.aborted) return seen;
        const told = await new Promise<boolean>((resolve) => {
          const timer = setTimeout(resolve, Math.min(this.settings.waiterPollMs, left), false);
          wake = () => {
            clearTimeout(timer);
            resolve(true);
          };
        });
        if (told) continue;
        const instance = await this.records.find(from.id);
        if (instance !== null) look(instance);
      }
    } finally {
      stopListening();
    }
  }
}
