import { Logger } from '@nestjs/common';
import type { DomainError } from '../../../domain/errors/domain-error.js';
import type { AgentInstanceId } from '../../../domain/ids.js';
import type { LifecycleError } from '../../../domain/lifecycle/lifecycle.js';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import { lifecycleError } from '../../../domain/lifecycle/recovery.js';
import { followersOf } from '../../../domain/lifecycle/replicas.js';
import { backOffMs } from '../../../domain/lifecycle/restart-policy.js';
import type { LifecycleSettings } from '../lifecycle-settings.js';

/** A step that could not be done leaves a replica, or the whole instance, as it is for now. */
export interface Left {
  readonly until: Date;
  readonly error: LifecycleError;
}

/** How often in a row replicas were left as they are; only for how long to wait. */
export class Deferrals {
  private readonly logger = new Logger(Deferrals.name);
  private readonly counts = new Map<AgentInstanceId, Map<number, number>>();

  constructor(private readonly settings: LifecycleSettings) {}

  leave(id: AgentInstanceId, replica: number, error: DomainError): Left {
    const counts = this.counts.get(id) ?? new Map<number, number>();
    const count = (counts.get(replica) ?? 0) + 1;
    this.counts.set(id, counts.set(replica, count));
    const { engineRetryMs: baseMs, engineRetryLongestMs: longestMs } = this.settings;
    const until = new Date(Date.now() + backOffMs(count, { baseMs, longestMs }));
    const { code } = error;
    this.logger.warn({ msg: 'an agent is left as it is for now', agent: id, replica, code, count, err: error });
    return { until, error: lifecycleError(code, error.message) };
  }

  /** Of all but those that are left as they are still. */
  forget({ id, lifecycle }: ManagedInstance): void {
    const counts = this.counts.get(id) ?? new Map<number, number>();
    const left = followersOf(lifecycle).filter(({ condition }) => condition?.error && condition.retryAt !== null);
    const kept = left.map(({ index }) => [index, counts.get(index) ?? 0] as const);
    if (kept.length === 0) this.counts.delete(id);
    else this.counts.set(id, new Map(kept));
  }
}
