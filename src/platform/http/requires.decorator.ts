import type { Permission } from '../../domain/identity/permissions.js';
import { extendRoutePolicy } from './route-policy.js';

/** The caller's role must hold this permission. Every route has this or {@link Public}; without one Muster does not start. */
export const Requires = (permission: Permission): MethodDecorator => extendRoutePolicy({ access: permission });

/** Open to everybody: health, readiness, documentation. */
export const Public = (): MethodDecorator => extendRoutePolicy({ access: 'public' });
