import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { EventLogStore } from '../../domain/events/event-log.js';
import type { TenantId } from '../../domain/ids.js';
import { LogGrowth } from '../../platform/events/log-growth.js';
import { EventStreamSettings } from './event-stream-settings.js';

type Listener = (seq: number) => void;

interface Followed {
  readonly listeners: Set<Listener>;
  readonly stop: () => void;
  asking: boolean;
  failed: boolean;
}

/**
 * Notices how far the followed logs have come: at once what this process appends, by looking what others do. One look for
 * each tenant, however many follow it.
 */
@Injectable()
export class LogTail implements OnModuleDestroy {
  private readonly logger = new Logger(LogTail.name);
  private readonly followed = new Map<TenantId, Followed>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly log: EventLogStore,
    private readonly growth: LogGrowth,
    private readonly settings: EventStreamSettings,
  ) {}

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /**
   * Tells the listener the number of the log's last entry, again and again.
   * @returns a function that ends it
   */
  follow(tenantId: TenantId, listener: Listener): () => void {
    const followed = this.followed.get(tenantId) ?? this.begin(tenantId);
    followed.listeners.add(listener);
    return () => {
      followed.listeners.delete(listener);
      if (followed.listeners.size === 0) this.end(tenantId, followed);
    };
  }

  private begin(tenantId: TenantId): Followed {
    const listeners = new Set<Listener>();
    const stop = this.growth.on(tenantId, (seq) => {
      for (const listener of listeners) listener(seq);
    });
    const followed = { listeners, stop, asking: false, failed: false };
    this.followed.set(tenantId, followed);
    this.timer ??= setInterval(() => {
      this.lookAtAll();
    }, this.settings.pollMs).unref();
    return followed;
  }

  private end(tenantId: TenantId, followed: Followed): void {
    followed.stop();
    if (this.followed.get(tenantId) === followed) this.followed.delete(tenantId);
    if (this.followed.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private lookAtAll(): void {
    for (const [tenantId, followed] of this.followed) if (!followed.asking) void this.look(tenantId, followed);
  }

  private async look(tenantId: TenantId, followed: Followed): Promise<void> {
    followed.asking = true;
    try {
      const head = await this.log.head(tenantId);
      followed.failed = false;
      if (head !== null) for (const listener of followed.listeners) listener(head.seq);
    } catch (error) {
      if (!followed.failed)
        this.logger.warn({
          msg: 'a log that is followed could not be looked at; it is tried again',
          tenantId,
          err: error,
        });
      followed.failed = true;
    } finally {
      followed.asking = false;
    }
  }
}
