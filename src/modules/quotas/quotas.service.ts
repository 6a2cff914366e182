import { Injectable } from '@nestjs/common';
import { ArchivedError } from '../../domain/errors/archived.error.js';
import { DomainError, type Fault } from '../../domain/errors/domain-error.js';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import type { Actor } from '../../domain/events/actor.js';
import { domainEvent } from '../../domain/events/domain-events.js';
import { Tenants } from '../../domain/identity/tenants.repository.js';
import type { AgentInstanceId, ProjectId, RunId, TenantId } from '../../domain/ids.js';
import { Projects } from '../../domain/projects/projects.repository.js';
import { holdingKey, type Holding } from '../../domain/quotas/holding.js';
import type { LedgerDraft } from '../../domain/quotas/ledger-draft.js';
import { QuotaFacts } from '../../domain/quotas/quota-facts.js';
import { QuotaGate } from '../../domain/quotas/quota-gate.js';
import { QUOTA_NAMES, type Amounts, type QuotaOverview } from '../../domain/quotas/quota.js';
import { LedgerKeeper } from './ledger-keeper.js';

/** How much tenants and projects can have, and whether there is room for more. */
@Injectable()
export class QuotasService extends QuotaGate {
  constructor(
    private readonly keeper: LedgerKeeper,
    private readonly facts: QuotaFacts,
    private readonly tenants: Tenants,
    private readonly projects: Projects,
  ) {
    super();
  }

  async claim(tenantId: TenantId, holdings: readonly Holding[]): Promise<void> {
    if (holdings.length === 0) return;
    await this.keeper.change(tenantId, (draft) => {
      draft.claim(holdings);
    });
  }

  async claimFor<T>(tenantId: TenantId, holdings: readonly Holding[], write: () => Promise<T>): Promise<T> {
    await this.claim(tenantId, holdings);
    try {
      return await write();
    } catch (error) {
      if (error instanceof DomainError) await this.release(tenantId, holdings);
      throw error;
    }
  }

  async release(tenantId: TenantId, holdings: readonly Pick<Holding, 'kind' | 'id'>[]): Promise<void> {
    if (holdings.length === 0) return;
    await this.keeper.change(tenantId, (draft) => {
      draft.release(holdings.map(holdingKey));
    });
  }

  /** Gives back what these agents do not take up any more, and the places of these runs, which have ended. */
  async settle(tenantId: TenantId, agents: readonly AgentInstanceId[], runs: readonly RunId[]): Promise<void> {
    const found = await this.facts.instances(tenantId, agents);
    await this.keeper.change(tenantId, (draft) => {
      draft.settle(found, new Date());
      draft.release(runs.map((id) => holdingKey({ kind: 'run', id })));
    });
  }

  /** @throws NotFoundError when there is no such tenant */
  async ofTenant(tenantId: TenantId): Promise<QuotaOverview> {
    if ((await this.tenants.find(tenantId)) === null) throw new NotFoundError('tenant', tenantId);
    return (await this.keeper.look(tenantId)).overview();
  }

  /** @throws NotFoundError */
  async ofProject(tenantId: TenantId, projectId: ProjectId): Promise<QuotaOverview> {
    if ((await this.projects.find(projectId, tenantId)) === null) throw new NotFoundError('project', projectId);
    return (await this.keeper.look(tenantId)).overview(projectId);
  }

  /** Sets a tenant's limits; what is not named has the default. @throws NotFoundError, OutboxFullError */
  async setForTenant(tenantId: TenantId, limits: Amounts, actor: Actor): Promise<QuotaOverview> {
    if ((await this.tenants.find(tenantId)) === null) throw new NotFoundError('tenant', tenantId);
    await this.set(tenantId, null, limits, actor);
    return this.ofTenant(tenantId);
  }

  /**
   * Sets a project's limits; what is not named is limited by the tenant's alone.
   * @throws NotFoundError, ArchivedError, OutboxFullError
   * @throws ValidationFailedError when one is above the tenant's
   */
  async setForProject(tenantId: TenantId, projectId: ProjectId, limits: Amounts, actor: Actor): Promise<QuotaOverview> {
    const project = await this.projects.find(projectId, tenantId);
    if (project === null) throw new NotFoundError('project', projectId);
    if (project.archivedAt !== null) throw new ArchivedError('project', projectId);
    await this.set(tenantId, projectId, limits, actor);
    return this.ofProject(tenantId, projectId);
  }

  private async set(tenantId: TenantId, projectId: ProjectId | null, limits: Amounts, actor: Actor): Promise<void> {
    const event = domainEvent(
      'quota.changed',
      { tenantId, actor, subject: { type: 'quota', id: tenantId } },
      { scope: projectId === null ? 'tenant' : 'project', projectId, limits },
    );
    await this.keeper.change(tenantId, (draft) => {
      if (projectId !== null) refuseBeyondTenant(draft, limits);
      const before = draft.ownLimits(projectId);
      if (QUOTA_NAMES.every((name) => before[name] === limits[name])) return;
      if (projectId === null) draft.setLimits(limits, event);
      else draft.setProjectLimits(projectId, limits, event);
    });
  }
}

function refuseBeyondTenant(draft: LedgerDraft, limits: Amounts): void {
  const tenant = draft.overview();
  const faults = QUOTA_NAMES.flatMap((name): Fault[] => {
    const { limit } = tenant[name];
    const asked = limits[name];
    if (asked === undefined || asked <= limit) return [];
    return [{ pointer: `/${name}`, detail: `must be at most ${limit}, which is the tenant's` }];
  });
  if (faults.length > 0) throw new ValidationFailedError(faults);
}
