import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentInstanceId } from '../../domain/ids.js';
import { LifecycleRecords } from '../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { LifecycleNotifier } from './lifecycle-notifier.js';
import { LifecycleSettings } from './lifecycle-settings.js';

/** Documents read at one look: however many wait, waiting takes no more than this from the work that they wait for. */
export const SEEN_AT_ONCE = 32;

type Listener = (instance: ManagedInstance) => void;

interface Followed {
  readonly listeners: Set<Listener>;
  readonly end: () => void;
  /** By the monotonic clock in ms. */
  seenAt: number;
}

/**
 * What becomes of agents: told at once of what this process writes, and by a look now and then at what others wrote. All
 * who wait share one look: at those of which nothing was heard for longest.
 */
@Injectable()
export class LifecycleNews {
  private readonly logger = new Logger(LifecycleNews.name);
  private readonly followed = new Map<AgentInstanceId, Followed>();
  private isLooking = false;

  constructor(
    private readonly records: LifecycleRecords,
    private readonly notifier: LifecycleNotifier,
    private readonly settings: LifecycleSettings,
  ) {}

  /**
   * What is read may be told after what was written since.
   * @returns a function that ends it
   */
  follow(id: AgentInstanceId, listener: Listener): () => void {
    const followed = this.followed.get(id) ?? this.begin(id);
    followed.listeners.add(listener);
    if (!this.isLooking) void this.lookOnAndOn();
    return () => {
      if (!followed.listeners.delete(listener) || followed.listeners.size > 0) return;
      followed.end();
      this.followed.delete(id);
    };
  }

  private begin(id: AgentInstanceId): Followed {
    const end = this.notifier.on(id, (instance) => {
      this.tell(instance);
    });
    const followed = { listeners: new Set<Listener>(), end, seenAt: performance.now() };
    this.followed.set(id, followed);
    return followed;
  }

  private tell(instance: ManagedInstance): void {
    const followed = this.followed.get(instance.id);
    if (followed === undefined) return;
    followed.seenAt = performance.now();
    for (const listener of followed.listeners) listener(instance);
  }

  private async lookOnAndOn(): Promise<void> {
    this.isLooking = true;
    while (this.followed.size > 0) {
      await sleep(this.settings.waiterPollMs, undefined, { ref: false });
      await this.look();
    }
    this.isLooking = false;
  }

  private async look(): Promise<void> {
    const before = performance.now() - this.settings.waiterPollMs;
    const unseen = [...this.followed].filter(([, { seenAt }]) => seenAt <= before);
    if (unseen.length === 0) return;
    const longest = unseen.sort(([, one], [, other]) => one.seenAt - other.seenAt).slice(0, SEEN_AT_ONCE);
    try {
      for (const instance of await this.records.findAll(longest.map(([id]) => id))) this.tell(instance);
    } catch (error) {
      this.logger.warn({ msg: 'looking for what others wrote failed; it is tried again', err: error });
    } finally {
      // One without a document is not looked for before all others.
      for (const [, followed] of longest) followed.seenAt = performance.now();
    }
  }
}
