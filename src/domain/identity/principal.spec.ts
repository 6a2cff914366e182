import { describe, expect, it } from '@jest/globals';
import type { ApiKeyId, TenantId } from '../ids.js';
import { PERMISSIONS, ROLES, type Role } from './permissions.js';
import { holds, type Principal } from './principal.js';

const principal = (role: Role, ofHomeTenant = false): Principal => ({
  tenantId: 'a'.repeat(24) as TenantId,
  apiKeyId: 'b'.repeat(24) as ApiKeyId,
  role,
  ofHomeTenant,
});

describe('holds', () => {
  const forTenants = (Object.keys(ROLES) as Role[]).filter((role) => role !== 'monitor');

  it.each(forTenants)('lets a %s read, and know who it is', (role) => {
    for (const permission of ['self:read', 'templates:read', 'projects:read', 'agents:read', 'runs:read'] as const) {
      expect(holds(principal(role), permission)).toBe(true);
    }
  });

  it.each([
    ['viewer', []],
    ['operator', ['agents:operate', 'files:read', 'files:write', 'runs:execute']],
    ['author', ['agents:edit', 'projects:write', 'templates:write']],
    ['auditor', ['audit:read']],
  ] as const)('lets a %s do %j beyond reading, and nothing else', (role, more) => {
    const held = PERMISSIONS.filter((permission) => holds(principal(role), permission));
    expect(
      held
        .filter((permission) => !permission.endsWith(':read') || ['audit:read', 'files:read'].includes(permission))
        .sort(),
    ).toEqual([...more]);
  });

  it('lets a monitor of the first tenant know who it is and read the metrics, and nothing else', () => {
    const held = (ofHomeTenant: boolean) =>
      PERMISSIONS.filter((permission) => holds(principal('monitor', ofHomeTenant), permission));
    expect([held(true), held(false)]).toEqual([['self:read', 'metrics:read'], ['self:read']]);
  });

  it('keeps the installation to admins of its first tenant', () => {
    expect(holds(principal('admin', true), 'tenants:manage')).toBe(true);
    expect(holds(principal('admin'), 'tenants:manage')).toBe(false);
    expect(holds(principal('operator', true), 'tenants:manage')).toBe(false);
    expect(holds(principal('admin', true), 'metrics:read')).toBe(true);
    expect(holds(principal('admin'), 'metrics:read')).toBe(false);
  });
});
