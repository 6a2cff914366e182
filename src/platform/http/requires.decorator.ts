import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import type { Permission } from '../../domain/identity/permissions.js';

export const REQUIRED_PERMISSION = 'muster:permission';

/** What a route needs: a permission of the caller's role, or `public` for everybody, key or no key. */
export type AccessRule = Permission | 'public';

/** The caller's role must hold this permission. Every route has this or {@link Public}; a test fails for one without. */
export const Requires = (permission: Permission): CustomDecorator => SetMetadata(REQUIRED_PERMISSION, permission);

/** Open to everybody: health, readiness, metrics, documentation. */
export const Public = (): CustomDecorator => SetMetadata(REQUIRED_PERMISSION, 'public' satisfies AccessRule);
