import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors/domain-error.js';
import { Authenticator, type Authentication } from '../../domain/identity/authenticator.js';
import type { Permission } from '../../domain/identity/permissions.js';
import { holds, type Principal } from '../../domain/identity/principal.js';
import type { TenantId } from '../../domain/ids.js';
import { Configuration } from '../config/configuration.js';
import type { AuthenticatedRequest } from './caller.decorator.js';
import { isFromThisMachine } from './from-this-machine.js';
import { asksForWebSocket } from './upgrades.js';
import { RefusalLog } from './refusal-log.js';
import type { AccessRule } from './route-policy.js';

const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i;

const REASONS = {
  unknown: 'The API key is not known. Check that it is complete, and that it belongs to this installation.',
  revoked: 'The API key was revoked. Ask an admin of your tenant for another one.',
  ticket: 'The ticket is not known: it was used, or its time is over. Ask for another terminal.',
  expired: 'The API key has expired. Ask an admin of your tenant for another one.',
} as const;

/**
 * The guard of all routes. It is a Fastify hook, not a Nest guard, so that it stands before the body is read, before
 * idempotency, and costs a request with a verified key no promise.
 */
@Injectable()
export class AccessControl {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly refusals: RefusalLog,
    private readonly configuration: Configuration,
  ) {}

  register(server: FastifyInstance): void {
    server.addHook('onRequest', (request, _reply, done) => {
      const access = request.routeOptions.config.muster?.access;
      if (access === undefined || access === 'public') {
        done();
        return;
      }
      const found = this.identify(request);
      if (found instanceof Promise) {
        found.then((answer) => {
          done(this.decide(request, access, answer) ?? undefined);
        }, done);
      } else {
        done(this.decide(request, access, found) ?? undefined);
      }
    });
  }

  /** Whether who sent this request may still have it answered: in a long answer the key can be revoked, or expire. */
  async stillAllows(request: FastifyRequest): Promise<boolean> {
    const access = request.routeOptions.config.muster?.access;
    if (access === 'public') return true;
    const found = await this.identify(request);
    return access !== undefined && found?.kind === 'accepted' && holds(found.principal, access);
  }

  /** What a route needs beyond its rule, for one thing that it can be asked for. @throws DomainError FORBIDDEN, which is noted */
  assertHolds(request: FastifyRequest, principal: Principal, permission: Permission): void {
    if (holds(principal, permission)) return;
    this.noteForbidden(request, principal);
    throw lacking(principal, permission);
  }

  /** A request of a valid key was refused with 403. */
  noteForbidden(request: FastifyRequest, { tenantId, apiKeyId }: Principal): void {
    this.note(request, 403, tenantId, apiKeyId);
  }

  private identify(request: FastifyRequest): Authentication | Promise<Authentication> | null {
    const { authorization } = request.headers;
    if (authorization === undefined) {
      const ticket = ticketOf(request);
      if (ticket !== null) return this.authenticator.redeem(ticket, request.url.split('?', 1)[0] ?? '');
      if (!this.configuration.devNoAuth || !isFromThisMachine(request)) return null;
      return { kind: 'accepted', principal: this.authenticator.developer() };
    }
    const token = BEARER.exec(authorization)?.[1];
    return token === undefined ? null : this.authenticator.authenticate(token);
  }

  private decide(request: FastifyRequest, access: AccessRule, found: Authentication | null): DomainError | null {
    if (found === null) {
      this.note(request, 401, this.authenticator.homeTenant(), null);
      return new DomainError('UNAUTHENTICATED', 'Send an API key: "Authorization: Bearer <api key>".');
    }
    if (found.kind === 'refused') {
      this.note(request, 401, found.tenantId, found.apiKeyId);
      return new DomainError('UNAUTHENTICATED', REASONS[found.reason]);
    }
    const { principal } = found;
    if (access !== 'public' && !holds(principal, access)) {
      this.noteForbidden(request, principal);
      return lacking(principal, access);
    }
    (request as FastifyRequest & AuthenticatedRequest).principal = principal;
    return null;
  }

  private note(
    request: FastifyRequest,
    status: number,
    tenantId: TenantId,
    apiKeyId: Principal['apiKeyId'] | null,
  ): void {
    const route = `${request.method} ${request.routeOptions.url ?? '*'}`;
    this.refusals.note({ tenantId, apiKeyId, route, status });
  }
}

/** Only where a WebSocket is asked for: nothing else uses one up. */
function ticketOf({ raw, routeOptions, query }: FastifyRequest): string | null {
  if (routeOptions.config.muster?.takesTicket !== true || !asksForWebSocket(raw)) return null;
  const { ticket } = query as Record<string, unknown>;
  return typeof ticket === 'string' ? ticket : null;
}

const lacking = ({ role }: Principal, permission: Permission): DomainError =>
  new DomainError('FORBIDDEN', `This needs the permission ${permission}; the role ${role} lacks it here.`, {
    details: { permission, role },
  });
