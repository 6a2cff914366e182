import { Injectable } from '@nestjs/common';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { outcomeOf, type Asked, type RequestOutcome } from '../../domain/lifecycle/request-outcome.js';
import { Draining } from '../../platform/http/draining.js';
import { LifecycleNews } from './lifecycle-news.js';

export interface Waited {
  readonly outcome: RequestOutcome;
  readonly instance: ManagedInstance;
}

/** Waits until a request is dealt with. What it waits for may be any process's work. */
@Injectable()
export class LifecycleWaiter {
  constructor(
    private readonly news: LifecycleNews,
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
    if (isOver(from) || waitMs <= 0 || signal.aborted) return from;
    return new Promise((resolve) => {
      let seen = from;
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        stopFollowing();
        resolve(seen);
      };
      const stopFollowing = this.news.follow(from.id, (instance) => {
        if (isOver(seen)) return;
        seen = instance;
        if (isOver(seen)) end();
      });
      const timer = waitMs === Infinity ? undefined : setTimeout(end, waitMs);
      signal.addEventListener('abort', end, { once: true });
    });
  }
}
