import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors/domain-error.js';
import { NameTakenError } from '../../domain/errors/name-taken.error.js';
import type { Actor } from '../../domain/events/actor.js';
import { domainEvent, type DomainEvent } from '../../domain/events/domain-events.js';
import { withoutHash, type ApiKey, type StoredApiKey } from '../../domain/identity/api-key.js';
import { ApiKeys } from '../../domain/identity/api-keys.repository.js';
import type { Role } from '../../domain/identity/permissions.js';
import type { Principal } from '../../domain/identity/principal.js';
import type { Tenant } from '../../domain/identity/tenant.js';
import { Tenants } from '../../domain/identity/tenants.repository.js';
import { Tickets } from '../../domain/identity/tickets.repository.js';
import { newId, type ApiKeyId, type TenantId } from '../../domain/ids.js';
import type { Page, PageRequest } from '../../domain/page.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { ApiKeyAuthenticator } from './api-key-authenticator.js';
import { hashKey, newSecret, writeKey } from './key-text.js';

/** How long a ticket waits to be used. */
const TICKET_MS = 30_000;

/** A key as it is told once, to the one who made it. */
export interface IssuedKey {
  readonly apiKey: ApiKey;
  /** The key itself. Nothing in Muster can show it again. */
  readonly key: string;
}

export interface NewKey {
  readonly name: string;
  readonly role: Role;
  readonly expiresAt: Date | null;
}

/** Tenants and their API keys. */
@Injectable()
export class IdentityService {
  constructor(
    private readonly tenants: Tenants,
    private readonly apiKeys: ApiKeys,
    private readonly tickets: Tickets,
    private readonly authenticator: ApiKeyAuthenticator,
    private readonly bus: DomainEventBus,
  ) {}

  /**
   * Makes a tenant and its first admin key.
   * @throws NameTakenError
   */
  async createTenant(name: string, actor: Actor): Promise<{ tenant: Tenant } & IssuedKey> {
    const { tenant, inserted } = await this.tenantNamed(name, actor);
    if (!inserted) throw new NameTakenError('tenant', name);
    const key = writeKey({ tenantId: tenant.id, apiKeyId: tenant.firstKeyId, secret: newSecret() });
    const { apiKey } = await this.insertFirstKey(tenant, key, actor);
    return { tenant, apiKey, key };
  }

  /** The tenant of that name, made when there is none. */
  async tenantNamed(name: string, actor: Actor): Promise<{ tenant: Tenant; inserted: boolean }> {
    const tenant: Tenant = { id: newId<TenantId>(), name, firstKeyId: newId<ApiKeyId>(), createdAt: new Date() };
    const subject = { type: 'tenant' as const, id: tenant.id };
    const event = domainEvent('tenant.created', { tenantId: tenant.id, actor, subject }, { tenantId: tenant.id });
    const outcome = await this.tenants.insertOnce(tenant, event);
    if (outcome.inserted) this.bus.publish(event);
    return outcome;
  }

  /** Gives a tenant its first admin key, with this text, unless it has had one. */
  async insertFirstKey(
    tenant: Tenant,
    key: string,
    actor: Actor,
  ): Promise<{ apiKey: ApiKey; outcome: 'inserted' | 'existed' }> {
    const stored: StoredApiKey = {
      id: tenant.firstKeyId,
      tenantId: tenant.id,
      name: 'first admin key',
      role: 'admin',
      keyHash: hashKey(key),
      createdAt: new Date(),
      expiresAt: null,
      revokedAt: null,
    };
    return { apiKey: withoutHash(stored), outcome: await this.insert(stored, actor) };
  }

  /** Makes a key of the tenant. Its text is in the answer and nowhere else. */
  async issueKey(tenantId: TenantId, wanted: NewKey, actor: Actor): Promise<IssuedKey> {
    const id = newId<ApiKeyId>();
    const key = writeKey({ tenantId, apiKeyId: id, secret: newSecret() });
    const stored: StoredApiKey = {
      id,
      tenantId,
      ...wanted,
      keyHash: hashKey(key),
      createdAt: new Date(),
      revokedAt: null,
    };
    await this.insert(stored, actor);
    // Counted after it is there: a crash in between leaves a key that works and protects nothing, never the reverse.
    if (countsAsAdmin(stored)) await this.tenants.countAdminKey(tenantId, id);
    return { apiKey: withoutHash(stored), key };
  }

  /** @throws NotFoundError */
  async findKey(tenantId: TenantId, id: ApiKeyId): Promise<ApiKey> {
    return this.apiKeys.get(tenantId, id);
  }

  /** Newest first, revoked ones included. */
  async listKeys(tenantId: TenantId, page: PageRequest): Promise<Page<ApiKey>> {
    return this.apiKeys.list(tenantId, page);
  }

  /**
   * Revokes a key: at once in this process, within five seconds in others. Revoking it twice does nothing.
   * @throws NotFoundError
   * @throws DomainError LAST_ADMIN_KEY for the tenant's last admin key without an end
   */
  async revokeKey(tenantId: TenantId, id: ApiKeyId, actor: Actor): Promise<void> {
    const key = await this.apiKeys.get(tenantId, id);
    if (key.revokedAt !== null) return;
    if (countsAsAdmin(key) && (await this.tenants.discountAdminKey(tenantId, id)) === 'last') {
      throw new DomainError(
        'LAST_ADMIN_KEY',
        `The key ${id} is the last admin key of its tenant that does not expire. Make another one first.`,
        { details: { id } },
      );
    }
    const subject = { type: 'api-key' as const, id };
    const event = domainEvent('api-key.revoked', { tenantId, actor, subject }, { apiKeyId: id });
    const outcome = await this.apiKeys.revoke(tenantId, id, event.at, event);
    this.authenticator.forget(id);
    if (outcome === 'revoked') this.bus.publish(event);
  }

  /** A text that stands for this key once, at this path, within half a minute. It is in the answer and nowhere else. */
  async issueTicket(
    { tenantId, apiKeyId }: Principal,
    path: string,
  ): Promise<{ readonly ticket: string; readonly expiresAt: Date }> {
    const ticket = newSecret();
    const expiresAt = new Date(Date.now() + TICKET_MS);
    await this.tickets.insert(hashKey(ticket), { tenantId, apiKeyId, path }, expiresAt);
    return { ticket, expiresAt };
  }

  private async insert(key: StoredApiKey, actor: Actor): Promise<'inserted' | 'existed'> {
    const event: DomainEvent = domainEvent(
      'api-key.created',
      { tenantId: key.tenantId, actor, subject: { type: 'api-key', id: key.id } },
      { apiKeyId: key.id, role: key.role },
    );
    const outcome = await this.apiKeys.insertOnce(key, event);
    if (outcome === 'inserted') this.bus.publish(event);
    return outcome;
  }
}

const countsAsAdmin = (key: ApiKey): boolean => key.role === 'admin' && key.expiresAt === null;
