import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { AccessRule } from './route-policy.js';

export interface Route {
  readonly method: string;
  /** Pattern, with `:id` for what varies. */
  readonly url: string;
  readonly access: AccessRule;
}

/** The documentation's own routes come from @nestjs/swagger, which knows nothing of access rules. They are public. */
const DOCUMENTATION = /^\/docs(\/|$)/;

/** All routes of this server, and the check that each of them says who may use it. */
@Injectable()
export class RouteTable {
  private readonly entries: Route[] = [];
  private readonly lawless: string[] = [];

  /** Has to be called before the first route is added. */
  register(server: FastifyInstance): void {
    server.addHook('onRoute', (route) => {
      const access = route.config?.muster?.access ?? (DOCUMENTATION.test(route.url) ? 'public' : undefined);
      for (const method of [route.method].flat()) {
        if (access === undefined) this.lawless.push(`${method} ${route.url}`);
        else this.entries.push({ method, url: route.url, access });
      }
    });
  }

  all(): readonly Route[] {
    return this.entries;
  }

  /** @throws DomainError INTERNAL naming every route that has neither a permission nor is declared public */
  assertEveryRouteHasARule(): void {
    if (this.lawless.length === 0) return;
    throw new DomainError('INTERNAL', `Routes without @Requires or @Public: ${this.lawless.join(', ')}.`);
  }
}
