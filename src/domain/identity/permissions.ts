/** What a route may ask for. Every route names one (or is declared public). */
export const PERMISSIONS = [
  'templates:read',
  'templates:write',
  'projects:read',
  'projects:write',
  'agents:read',
  'agents:edit',
  'agents:operate',
  'runs:read',
  'runs:execute',
  'api-keys:manage',
  'audit:read',
] as const;

export type Permission = (typeof PERMISSIONS)[number];

const READ = ['templates:read', 'projects:read', 'agents:read', 'runs:read'] as const satisfies Permission[];

/** Who may what. */
export const ROLES = {
  viewer: READ,
  operator: [...READ, 'agents:operate', 'runs:execute'],
  author: [...READ, 'templates:write', 'projects:write', 'agents:edit'],
  admin: PERMISSIONS,
  auditor: [...READ, 'audit:read'],
} as const satisfies Record<string, readonly Permission[]>;

export type Role = keyof typeof ROLES;

export function may(role: Role, permission: Permission): boolean {
  return (ROLES[role] as readonly Permission[]).includes(permission);
}
