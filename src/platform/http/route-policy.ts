import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { Permission } from '../../domain/identity/permissions.js';

/** What a route needs: a permission of the caller's role, or `public` for everybody, key or no key. */
export type AccessRule = Permission | 'public';

/** What the HTTP layer has to know of a route before its handler runs. Decorators write it, Fastify hooks read it. */
export interface RoutePolicy {
  readonly access?: AccessRule;
  /** The field of the answer that is its entity tag. */
  readonly etagField?: 'version' | 'revision';
  /** The answer never changes while its entity tag stays, so that who has the tag has the answer. */
  readonly etagNamesAll?: boolean;
  /** `?ticket=` may stand for an API key where a WebSocket is asked for. */
  readonly takesTicket?: boolean;
  /** The body is a stream of one of these content types, and handed over unread. */
  readonly streams?: readonly string[];
  /** A body of JSON is handed over as the text it is. */
  readonly keepsText?: boolean;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    muster?: RoutePolicy;
  }
}

interface RouteConfig {
  readonly muster?: RoutePolicy;
}

/** Adds to the policy of a method's route. It travels as Fastify's route configuration, which costs a request nothing. */
export function extendRoutePolicy(part: RoutePolicy): MethodDecorator {
  return (_target, _name, descriptor: PropertyDescriptor): void => {
    const handler = descriptor.value as object;
    const config = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) as RouteConfig | undefined;
    const extended: RouteConfig = { ...config, muster: { ...config?.muster, ...part } };
    Reflect.defineMetadata(FASTIFY_ROUTE_CONFIG_METADATA, extended, handler);
  };
}
