import { Injectable } from '@nestjs/common';
import { ArchivedError } from '../../domain/errors/archived.error.js';
import { DomainError } from '../../domain/errors/domain-error.js';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { PreconditionFailedError } from '../../domain/errors/precondition-failed.error.js';
import type { Actor } from '../../domain/events/actor.js';
import { domainEvent, type DomainEvent } from '../../domain/events/domain-events.js';
import { newId, type ProjectId, type SecretId } from '../../domain/ids.js';
import type { Page, PageRequest } from '../../domain/page.js';
import { Projects } from '../../domain/projects/projects.repository.js';
import { SECRETS_MOST, type Secret, type SecretScope } from '../../domain/secrets/secret.js';
import { Secrets, type SecretHead } from '../../domain/secrets/secrets.repository.js';
import { againWhenOvertaken } from '../../platform/again-when-overtaken.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { SecretSealer } from './secret-sealer.js';

const WHAT = 'secret';

export interface SecretChange {
  readonly actor: Actor;
  /** The version that it has to have. */
  readonly ifMatch: number | undefined;
}

export interface SetSecret {
  readonly secret: Secret;
  /** There was none of that name. */
  readonly created: boolean;
}

/** Secrets of projects and tenants: setting them, and telling which there are. Nothing here tells a value. */
@Injectable()
export class SecretsService {
  constructor(
    private readonly secrets: Secrets,
    private readonly projects: Projects,
    private readonly sealer: SecretSealer,
    private readonly bus: DomainEventBus,
  ) {}

  /** Newest first. @throws NotFoundError when there is no such project */
  async list(scope: SecretScope, page: PageRequest): Promise<Page<Secret>> {
    await this.assertProject(scope);
    return this.secrets.list(scope, page);
  }

  /** @throws NotFoundError */
  async get(scope: SecretScope, name: string): Promise<Secret> {
    await this.assertProject(scope);
    return (await this.live(scope, name)).secret;
  }

  /**
   * Gives the secret this value: its next version.
   * @throws NotFoundError, ArchivedError of the project; PreconditionFailedError, DomainError QUOTA_EXCEEDED, OutboxFullError
   */
  async set(scope: SecretScope, name: string, value: Uint8Array, change: SecretChange): Promise<SetSecret> {
    await this.assertProject(scope, { toChange: true });
    const once = async (): Promise<SetSecret> => this.setOnce(scope, name, value, change);
    // The last one wins, whoever it overtakes; with If-Match it is the other's change that counts.
    return change.ifMatch === undefined ? againWhenOvertaken(once) : once();
  }

  /** Destroys the value. @throws NotFoundError, PreconditionFailedError, ConcurrentUpdateError, OutboxFullError */
  async remove(scope: SecretScope, name: string, { actor, ifMatch }: SecretChange): Promise<void> {
    await this.assertProject(scope);
    const head = await this.live(scope, name);
    assertMatches(head, name, ifMatch);
    await this.destroy(head.secret, actor);
  }

  /** All that a project has of its own; what is set or deleted meanwhile is the next sweep's. */
  async removeAll(scope: SecretScope & { readonly projectId: ProjectId }, actor: Actor): Promise<void> {
    for (;;) {
      const { items } = await this.secrets.list(scope, { limit: 100 });
      for (const secret of items) await this.destroy(secret, actor);
      if (items.length === 0) return;
    }
  }

  private async setOnce(
    scope: SecretScope,
    name: string,
    value: Uint8Array,
    { actor, ifMatch }: SecretChange,
  ): Promise<SetSecret> {
    const head = await this.secrets.findHead(scope, name);
    const created = head === null || head.isDeleted;
    assertMatches(head, name, ifMatch);
    if (created) await this.assertRoom(scope);
    const now = new Date();
    const secret: Secret = {
      ...scope,
      id: head?.secret.id ?? newId<SecretId>(),
      name,
      version: (head?.secret.version ?? 0) + 1,
      createdAt: created ? now : head.secret.createdAt,
      createdBy: created ? actor : head.secret.createdBy,
      updatedAt: now,
      updatedBy: actor,
    };
    const sealed = { secret, value: await this.sealer.seal(secret, value) };
    const event = domainEvent('secret.set', aboutOf(secret, actor), factsOf(secret));
    await (head === null ? this.secrets.insert(sealed, event) : this.secrets.replace(sealed, event));
    this.bus.publish(event);
    return { secret, created };
  }

  private async destroy(secret: Secret, actor: Actor): Promise<void> {
    const event = domainEvent('secret.deleted', aboutOf(secret, actor), factsOf(secret));
    await this.secrets.markDeleted(secret, { at: event.at, by: actor }, event);
    this.bus.publish(event);
  }

  private async live(scope: SecretScope, name: string): Promise<SecretHead> {
    const head = await this.secrets.findHead(scope, name);
    if (head === null || head.isDeleted) throw new NotFoundError(WHAT, name);
    return head;
  }

  private async assertProject(scope: SecretScope, { toChange = false } = {}): Promise<void> {
    if (scope.projectId === null) return;
    const project = await this.projects.find(scope.projectId, scope.tenantId);
    if (project === null) throw new NotFoundError('project', scope.projectId);
    if (toChange && project.archivedAt !== null) throw new ArchivedError('project', scope.projectId);
  }

  /** Of several at once a few more may get through. */
  private async assertRoom(scope: SecretScope): Promise<void> {
    if ((await this.secrets.count(scope)) < SECRETS_MOST) return;
    const whose = scope.projectId === null ? 'tenant' : 'project';
    throw new DomainError(
      'QUOTA_EXCEEDED',
      `The ${whose} has ${SECRETS_MOST} secrets, which is as many as it can have. Delete one first.`,
      { details: { limit: SECRETS_MOST } },
    );
  }
}

function assertMatches(head: SecretHead | null, name: string, ifMatch: number | undefined): void {
  if (ifMatch === undefined) return;
  const current = head === null || head.isDeleted ? 'not there' : `version ${head.secret.version}`;
  if (current !== `version ${ifMatch}`) throw new PreconditionFailedError(WHAT, name, current);
}

const aboutOf = ({ tenantId, id }: Secret, actor: Actor): Pick<DomainEvent, 'tenantId' | 'actor' | 'subject'> => ({
  tenantId,
  actor,
  subject: { type: 'secret', id },
});

const factsOf = ({ id, projectId, version }: Secret): DomainEvent<'secret.set'>['data'] => ({
  secretId: id,
  projectId,
  version,
});
