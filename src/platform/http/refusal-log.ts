import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DirectEventAppender } from '../../domain/events/direct-event-appender.js';
import { systemActor } from '../../domain/events/actor.js';
import { domainEvent } from '../../domain/events/domain-events.js';
import type { ApiKeyId, TenantId } from '../../domain/ids.js';

export interface Refusal {
  readonly tenantId: TenantId;
  readonly apiKeyId: ApiKeyId | null;
  /** Method and route pattern, never the path with its ids. */
  readonly route: string;
  readonly status: number;
}

interface Counted extends Refusal {
  count: number;
}

const MINUTE_MS = 60_000;
/** Different refusals counted within a minute; what is beyond is counted together, so that a flood stays small. */
const MAX_KINDS = 1000;

/** Counts refusals per key, route and minute, and appends the counts to the event log as access.refused. */
@Injectable()
export class RefusalLog implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('RefusalLog');
  private counts = new Map<string, Counted>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly log: DirectEventAppender) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.flush(), MINUTE_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  note(refusal: Refusal): void {
    const full = this.counts.size >= MAX_KINDS;
    const key = `${refusal.tenantId} ${refusal.apiKeyId ?? '-'} ${refusal.status} ${refusal.route}`;
    const counted = this.counts.get(key);
    if (counted !== undefined) counted.count += 1;
    else if (!full) this.counts.set(key, { ...refusal, count: 1 });
    else this.noteBeyond(refusal);
  }

  /** Appends what was counted. What cannot be appended is counted on. */
  async flush(): Promise<void> {
    if (this.counts.size === 0) return;
    const counted = [...this.counts.values()];
    this.counts = new Map();
    try {
      await this.log.append(
        counted.map(({ tenantId, apiKeyId, route, status, count }) =>
          domainEvent(
            'access.refused',
            { tenantId, actor: systemActor('access'), subject: { type: 'access', id: apiKeyId ?? 'anonymous' } },
            { route, status, count, apiKeyId },
          ),
        ),
      );
    } catch (cause) {
      this.logger.warn({ msg: 'refusals could not be appended to the event log; they are kept', err: cause });
      for (const { count, ...refusal } of counted) for (let n = 0; n < count; n += 1) this.note(refusal);
    }
  }

  private noteBeyond({ tenantId, status }: Refusal): void {
    const key = `${tenantId} beyond ${status}`;
    const counted = this.counts.get(key) ?? { tenantId, apiKeyId: null, route: '*', status, count: 0 };
    counted.count += 1;
    this.counts.set(key, counted);
  }
}
