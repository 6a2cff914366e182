import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { EventLogStore } from '../../domain/events/event-log.js';
import type { TenantId } from '../../domain/ids.js';

/** Milliseconds. A process that is killed keeps others from appending no longer than this. */
const TTL = 3_000;
/** Held for so long, it is given to whoever else waits for it. */
const LONGEST_HOLD = 2_000;
/** How long others get to take it then. */
const PAUSE_FOR_OTHERS = 50;
const LONGEST_WAIT = 30_000;

/**
 * The right to append to a tenant's log, kept across groups while there is work. It makes appending fast; what makes it
 * correct are the log's unique indexes.
 */
export class AppendLease {
  private readonly logger = new Logger(AppendLease.name);
  private held: { readonly since: number; readonly renewBy: number } | null = null;

  constructor(
    private readonly tenantId: TenantId,
    private readonly owner: string,
    private readonly store: EventLogStore,
  ) {}

  /**
   * Holds it, for long enough to write a group. Whether it was held without a break since the last call.
   * @throws DomainError INTERNAL when another process does not let go of it
   */
  async hold(): Promise<boolean> {
    if (this.held !== null && performance.now() - this.held.since > LONGEST_HOLD) {
      await this.release();
      await sleep(PAUSE_FOR_OTHERS);
    }
    const { held } = this;
    const began = performance.now();
    if (held !== null && began < held.renewBy) return true;
    this.held = null;
    for (let asked = began; asked < began + LONGEST_WAIT; asked = performance.now()) {
      if (await this.store.acquireAppendLease(this.tenantId, this.owner, TTL)) {
        const renewed = held !== null && asked === began;
        // By our own clock, from before we asked: it lasts at least so long.
        this.held = { since: renewed ? held.since : asked, renewBy: asked + TTL / 2 };
        return renewed;
      }
      await sleep(20 + Math.random() * 40);
    }
    throw new DomainError('INTERNAL', `Another process has kept the append lease of ${this.tenantId} too long.`);
  }

  /** Forgets that it is held: whether it still is has become uncertain. */
  forget(): void {
    this.held = null;
  }

  async release(): Promise<void> {
    if (this.held === null) return;
    this.held = null;
    try {
      await this.store.releaseAppendLease(this.tenantId, this.owner);
    } catch (cause) {
      this.logger.warn({ msg: 'an append lease was not given back; it runs out by itself', err: cause });
    }
  }
}
