import type { DomainEvent } from '../events/domain-events.js';
import type { TemplateId, TenantId } from '../ids.js';
import type { Page, PageRequest } from '../page.js';
import type { Sourced, Template, TemplateSummary } from './template.js';

export interface TemplateFilter {
  readonly label?: string;
  readonly role?: string;
  /** Part of name, display name or description; upper and lower case are the same. */
  readonly q?: string;
  /** Archived templates too. */
  readonly archived?: boolean;
}

/** Where a template stands: enough to tell which version is the newest and whether it may be used. */
export type TemplateHead = Pick<Template, 'id' | 'version' | 'archivedAt'>;

/** Templates, each with its newest version. */
export abstract class Templates {
  /** @throws NameTakenError */
  abstract insert(created: Sourced<Template>, event: DomainEvent<'template.created'>): Promise<void>;

  abstract find(tenantId: TenantId, id: TemplateId): Promise<Template | null>;
  abstract findSourced(tenantId: TenantId, id: TemplateId): Promise<Sourced<Template> | null>;
  /** The template of that name that is not archived. */
  abstract findByName(tenantId: TenantId, name: string): Promise<Sourced<Template> | null>;
  /** The heads that exist, in no particular order: one query for all ids. */
  abstract findHeads(tenantId: TenantId, ids: readonly TemplateId[]): Promise<readonly TemplateHead[]>;
  /** Full newest versions, in no particular order: one query for all ids. */
  abstract findMany(tenantId: TenantId, ids: readonly TemplateId[]): Promise<readonly Template[]>;
  abstract list(tenantId: TenantId, filter: TemplateFilter, page: PageRequest): Promise<Page<TemplateSummary>>;

  /**
   * Moves the head from next.version - 1 to `next`. Keep the replaced version with TemplateHistory.insertOnce before.
   * @throws NotFoundError, ArchivedError, ConcurrentUpdateError, OutboxFullError
   */
  abstract replaceHead(next: Sourced<Template>, event: DomainEvent<'template.version-created'>): Promise<void>;

  /**
   * Archives the template if `version` is still its newest; the name becomes free.
   * @throws NotFoundError, ConcurrentUpdateError, OutboxFullError
   */
  abstract archive(
    tenantId: TenantId,
    id: TemplateId,
    version: number,
    event: DomainEvent<'template.archived'>,
  ): Promise<'archived' | 'was archived'>;
}
