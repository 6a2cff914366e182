import { Injectable } from '@nestjs/common';
import type { AgentInstance, InstanceRevision } from '../../domain/agent-instances/agent-instance.js';
import { InstanceRevisions } from '../../domain/agent-instances/instance-revisions.repository.js';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import type { AgentInstanceId, ProjectId, TenantId } from '../../domain/ids.js';
import type { Page, PageRequest } from '../../domain/page.js';
import { InstanceEdits, type EditOptions } from './instance-edits.js';
import { revisionOf } from './revision-of.js';

/** An instance of a project, as a path names it. */
export interface InstancePath {
  readonly projectId: ProjectId;
  readonly id: AgentInstanceId;
}

/** The edit history of instances: who changed what, when, and back to any of it. */
@Injectable()
export class InstanceRevisionsService {
  constructor(
    private readonly edits: InstanceEdits,
    private readonly revisions: InstanceRevisions,
  ) {}

  /** Newest first, the present one included. @throws NotFoundError */
  async list(path: InstancePath, tenantId: TenantId, page: PageRequest): Promise<Page<InstanceRevision>> {
    const present = revisionOf(await this.edits.head(path.id, tenantId, path.projectId));
    if (page.cursor !== undefined) return this.revisions.list(path.id, tenantId, page);
    // What a crash left at or above the present revision is no revision yet.
    const cursor = String(present.revision);
    const older = await this.revisions.list(path.id, tenantId, { limit: page.limit, cursor });
    const items = [present, ...older.items].slice(0, page.limit);
    const more = older.nextCursor !== null || older.items.length === page.limit;
    return { items, nextCursor: more ? String(items.at(-1)?.revision) : null };
  }

  /** @throws NotFoundError */
  async get(path: InstancePath, tenantId: TenantId, revision: number): Promise<InstanceRevision> {
    const present = revisionOf(await this.edits.head(path.id, tenantId, path.projectId));
    if (revision === present.revision) return present;
    const older = revision < present.revision ? await this.revisions.find(path.id, tenantId, revision) : null;
    if (older === null) throw new NotFoundError('revision', `${path.id}@${revision}`);
    return older;
  }

  /**
   * Makes a new revision that says what this one said. Restoring what is there already makes none.
   * @throws NotFoundError, PreconditionFailedError, ConcurrentUpdateError, OutboxFullError
   */
  async restore(
    path: InstancePath,
    tenantId: TenantId,
    revision: number,
    options: Pick<EditOptions, 'actor' | 'ifMatch'>,
  ): Promise<AgentInstance> {
    const { soul, aieos_identity, displayName, tags } = await this.get(path, tenantId, revision);
    return this.edits.edit(path.id, tenantId, () => ({ soul, aieos_identity, displayName, tags }), {
      ...options,
      projectId: path.projectId,
      restores: revision,
    });
  }
}
