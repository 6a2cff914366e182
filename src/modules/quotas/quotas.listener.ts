import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import type { AgentInstanceId, RunId, TenantId } from '../../domain/ids.js';
import type { LifecycleState } from '../../domain/lifecycle/lifecycle-states.js';
import { OnDomainEvent } from '../../platform/events/on-domain-event.decorator.js';
import { QuotaSettings } from './quota-settings.js';
import { QuotasService } from './quotas.service.js';

/** In these states an agent may take up less than before. */
const AT_REST: readonly LifecycleState[] = ['enabled', 'stopped', 'failed', 'removed'];

/** Gives back, soon, what is not taken up any more. What is missed here a sweep, or the next refusal, finds. */
@Injectable()
export class QuotasListener implements OnModuleDestroy {
  private readonly logger = new Logger(QuotasListener.name);
  private readonly gathered = new Map<TenantId, { agents: Set<AgentInstanceId>; runs: Set<RunId> }>();
  private timer: NodeJS.Timeout | undefined;
  private settling: Promise<void> = Promise.resolve();

  constructor(
    private readonly quotas: QuotasService,
    private readonly settings: QuotaSettings,
  ) {}

  @OnDomainEvent('lifecycle.transitioned')
  async onTransitioned({ tenantId, data }: DomainEvent<'lifecycle.transitioned'>): Promise<void> {
    if (AT_REST.includes(data.to)) this.gather(tenantId).agents.add(data.instanceId);
    return Promise.resolve();
  }

  /** Fewer replicas than before. */
  @OnDomainEvent('lifecycle.replica-transitioned')
  async onReplica({ tenantId, data }: DomainEvent<'lifecycle.replica-transitioned'>): Promise<void> {
    if (AT_REST.includes(data.to)) this.gather(tenantId).agents.add(data.instanceId);
    return Promise.resolve();
  }

  @OnDomainEvent('run.ended')
  async onRunEnded({ tenantId, data }: DomainEvent<'run.ended'>): Promise<void> {
    this.gather(tenantId).runs.add(data.runId);
    return Promise.resolve();
  }

  async onModuleDestroy(): Promise<void> {
    await this.flush();
  }

  private gather(tenantId: TenantId): { agents: Set<AgentInstanceId>; runs: Set<RunId> } {
    this.timer ??= setTimeout(() => void this.flush(), this.settings.gatherMs);
    const found = this.gathered.get(tenantId) ?? { agents: new Set(), runs: new Set() };
    this.gathered.set(tenantId, found);
    return found;
  }

  private async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const gathered = [...this.gathered];
    this.gathered.clear();
    this.settling = this.settling.then(async () => {
      for (const [tenantId, { agents, runs }] of gathered) {
        try {
          await this.quotas.settle(tenantId, [...agents], [...runs]);
        } catch (cause) {
          this.logger.warn({ msg: 'what is given back is counted as used until the next sweep', tenantId, err: cause });
        }
      }
    });
    await this.settling;
  }
}
