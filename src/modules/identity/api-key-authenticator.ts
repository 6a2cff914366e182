import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { StoredApiKey } from '../../domain/identity/api-key.js';
import { ApiKeys } from '../../domain/identity/api-keys.repository.js';
import { Tickets } from '../../domain/identity/tickets.repository.js';
import { Authenticator, type Authentication } from '../../domain/identity/authenticator.js';
import type { Principal } from '../../domain/identity/principal.js';
import type { Tenant } from '../../domain/identity/tenant.js';
import type { ApiKeyId, TenantId } from '../../domain/ids.js';
import { hashKey, readKey, sameHash } from './key-text.js';

/** How long a verified key is trusted without looking again; another process's revocation takes as long to arrive. */
const TRUST_MS = 5_000;
/** Keys trusted at once; the oldest goes first. */
const MAX_TRUSTED = 10_000;

interface Trusted {
  readonly answer: Authentication & { kind: 'accepted' };
  /** Milliseconds since 1970. */
  readonly until: number;
}

@Injectable()
export class ApiKeyAuthenticator extends Authenticator {
  /** By SHA-256 of the key's text: a dump of memory does not give keys away. */
  private readonly trusted = new Map<string, Trusted>();
  private readonly asking = new Map<string, Promise<Authentication>>();
  /** Keys that this process revoked: a verification that began before must not trust them after. */
  private readonly revokedHere = new Set<ApiKeyId>();
  private home: Tenant | undefined;

  constructor(
    private readonly apiKeys: ApiKeys,
    private readonly tickets: Tickets,
  ) {
    super();
  }

  authenticate(token: string): Authentication | Promise<Authentication> {
    const hash = hashKey(token);
    const known = this.trusted.get(hash);
    if (known !== undefined && known.until > Date.now()) return known.answer;
    const asking = this.asking.get(hash);
    if (asking !== undefined) return asking;
    const asked = this.verify(token, hash).finally(() => this.asking.delete(hash));
    this.asking.set(hash, asked);
    return asked;
  }

  async redeem(ticket: string, path: string): Promise<Authentication> {
    const used = await this.tickets.redeem(hashKey(ticket), path);
    if (used === null) return { kind: 'refused', reason: 'ticket', tenantId: this.homeTenant(), apiKeyId: null };
    return this.recall(used.tenantId, used.apiKeyId);
  }

  async recall(tenantId: TenantId, apiKeyId: ApiKeyId): Promise<Authentication> {
    const key = await this.apiKeys.findStored(tenantId, apiKeyId);
    if (key === null) return { kind: 'refused', reason: 'unknown', tenantId, apiKeyId: null };
    return this.judge(key);
  }

  developer(): Principal {
    const home = this.requireHome();
    return { tenantId: home.id, apiKeyId: home.firstKeyId, role: 'admin', ofHomeTenant: true };
  }

  homeTenant(): TenantId {
    return this.requireHome().id;
  }

  /** Called once, when the first tenant is known. */
  settleHome(tenant: Tenant): void {
    this.home = tenant;
  }

  /** Forgets a key at once, because it was revoked. */
  forget(id: ApiKeyId): void {
    this.revokedHere.add(id);
    for (const [hash, { answer }] of this.trusted) {
      if (answer.principal.apiKeyId === id) this.trusted.delete(hash);
    }
  }

  private async verify(token: string, hash: string): Promise<Authentication> {
    const unknown: Authentication = {
      kind: 'refused',
      reason: 'unknown',
      tenantId: this.homeTenant(),
      apiKeyId: null,
    };
    const text = readKey(token);
    const key =
      text === null ? await this.apiKeys.findByHash(hash) : await this.apiKeys.findStored(text.tenantId, text.apiKeyId);
    if (key === null || !sameHash(key.keyHash, hash)) return unknown;
    const answer = this.judge(key);
    if (answer.kind === 'accepted' && !this.revokedHere.has(key.id)) {
      const expires = key.expiresAt?.getTime() ?? Infinity;
      this.trust(hash, { answer, until: Math.min(Date.now() + TRUST_MS, expires) });
    }
    return answer;
  }

  private judge(key: StoredApiKey): Authentication {
    const { tenantId, id } = key;
    if (key.revokedAt !== null) return { kind: 'refused', reason: 'revoked', tenantId, apiKeyId: id };
    const expires = key.expiresAt?.getTime() ?? Infinity;
    if (expires <= Date.now()) return { kind: 'refused', reason: 'expired', tenantId, apiKeyId: id };
    return { kind: 'accepted', principal: this.principalOf(key) };
  }

  private trust(hash: string, trusted: Trusted): void {
    this.trusted.delete(hash);
    if (this.trusted.size >= MAX_TRUSTED) {
      const oldest = this.trusted.keys().next();
      if (oldest.done !== true) this.trusted.delete(oldest.value);
    }
    this.trusted.set(hash, trusted);
  }

  private principalOf(key: StoredApiKey): Principal {
    return {
      tenantId: key.tenantId,
      apiKeyId: key.id,
      role: key.role,
      ofHomeTenant: key.tenantId === this.homeTenant(),
    };
  }

  private requireHome(): Tenant {
    if (this.home === undefined)
      throw new DomainError('SHUTTING_DOWN', 'Muster is still starting. Try again in a second.');
    return this.home;
  }
}
