import type { Actor } from '../events/actor.js';
import type { DomainEvent } from '../events/domain-events.js';
import type { ProjectId, SecretId, TenantId } from '../ids.js';
import type { Page, PageRequest } from '../page.js';
import type { WrappedKey } from './key-wrapper.js';
import type { SealedSecret, Secret, SecretScope } from './secret.js';

/** What became of a name: a secret, or what a deleted one has left of it. */
export interface SecretHead {
  readonly secret: Secret;
  readonly isDeleted: boolean;
}

/** A data key that waits to be wrapped with the newest key. */
export interface OldKey {
  readonly secret: Secret;
  readonly key: WrappedKey;
}

/** Where secrets are kept, sealed. Each change is one write with its event. */
export abstract class Secrets {
  /** Deleted ones too. */
  abstract findHead(scope: SecretScope, name: string): Promise<SecretHead | null>;
  /** Newest first, without the deleted ones. */
  abstract list(scope: SecretScope, page: PageRequest): Promise<Page<Secret>>;
  /** Those there are, deleted ones aside. */
  abstract count(scope: SecretScope): Promise<number>;
  /** @throws ConcurrentUpdateError when the name has been used meanwhile */
  abstract insert(sealed: SealedSecret, event: DomainEvent<'secret.set'>): Promise<void>;
  /** Gives it a new value, if its version is still the one before; what was deleted is there again. @throws ConcurrentUpdateError, OutboxFullError */
  abstract replace(sealed: SealedSecret, event: DomainEvent<'secret.set'>): Promise<void>;
  /** Destroys the value; that there was one stays known. @throws ConcurrentUpdateError when it changed meanwhile, OutboxFullError */
  abstract markDeleted(
    secret: Pick<Secret, 'id' | 'version'>,
    at: { readonly at: Date; readonly by: Actor },
    event: DomainEvent<'secret.deleted'>,
  ): Promise<void>;
  /** All of these names that there are: of the project and of the tenant. */
  abstract findNamed(tenantId: TenantId, projectId: ProjectId, names: readonly string[]): Promise<readonly Secret[]>;
  /** The same, with their sealed values. */
  abstract findSealed(
    tenantId: TenantId,
    projectId: ProjectId,
    names: readonly string[],
  ): Promise<readonly SealedSecret[]>;

  /** Data keys of every tenant that are wrapped with another key, by the secret's id after `after`. */
  abstract findOldKeys(currentKeyId: string, after: SecretId | null, limit: number): Promise<readonly OldKey[]>;
  /** Puts another wrapping of the same data key in its place, unless the secret has changed. No event: nothing of it is different. */
  abstract rewrap(old: OldKey, key: WrappedKey): Promise<boolean>;
  /** Projects of every tenant that have secrets of their own, by id after `after`. */
  abstract findProjects(after: ProjectId | null, limit: number): Promise<readonly ProjectScope[]>;
}

export interface ProjectScope {
  readonly tenantId: TenantId;
  readonly projectId: ProjectId;
}
