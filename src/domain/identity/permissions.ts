/** What a route may ask for. Every route names one (or is declared public). */
export const PERMISSIONS = [
  'self:read',
  'templates:read',
  'templates:write',
  'projects:read',
  'projects:write',
  'agents:read',
  'agents:edit',
  'agents:operate',
  'runs:read',
  'runs:execute',
  'events:read',
  'files:read',
  'files:write',
  'api-keys:manage',
  'quotas:manage',
  'secrets:read',
  'secrets:write',
  'audit:read',
  'metrics:read',
  'tenants:manage',
] as const;

export type Permission = (typeof PERMISSIONS)[number];

/** They concern the whole installation: only keys of its first tenant can use them. */
export const INSTALLATION_PERMISSIONS: readonly Permission[] = ['metrics:read', 'tenants:manage'];

const READ = [
  'self:read',
  'templates:read',
  'projects:read',
  'agents:read',
  'runs:read',
  'events:read',
] as const satisfies Permission[];

/** Who may what. */
export const ROLES = {
  viewer: READ,
  // Who can prompt an agent can have it show and change any file it has, so files give an operator nothing new. Nobody else
  // reads them: they hold what agents work on, which a viewer of states and logs has not been given.
  // Which secrets there are is for who starts agents that need them and for who names them in manifests; only an admin sets them.
  operator: [...READ, 'agents:operate', 'runs:execute', 'files:read', 'files:write', 'secrets:read'],
  author: [...READ, 'templates:write', 'projects:write', 'agents:edit', 'secrets:read'],
  admin: PERMISSIONS,
  auditor: [...READ, 'audit:read'],
  /** For a scraper's key: it shows no tenant's documents. */
  monitor: ['self:read', 'metrics:read'],
} as const satisfies Record<string, readonly Permission[]>;

export type Role = keyof typeof ROLES;

/** A role's permissions, whatever the tenant. */
export function may(role: Role, permission: Permission): boolean {
  return (ROLES[role] as readonly Permission[]).includes(permission);
}
