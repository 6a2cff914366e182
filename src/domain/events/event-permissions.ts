import { may, type Permission, type Role } from '../identity/permissions.js';
import type { DomainEventType } from './domain-events.js';

/** Which permission shows an event: that of what it is about. A new event has to be given one before it compiles. */
export const EVENT_PERMISSIONS = {
  'tenant.created': 'audit:read',
  'api-key.created': 'audit:read',
  'api-key.revoked': 'audit:read',
  'template.created': 'templates:read',
  'template.version-created': 'templates:read',
  'template.archived': 'templates:read',
  'project.created': 'projects:read',
  'project.updated': 'projects:read',
  'project.role-assigned': 'projects:read',
  'project.role-unassigned': 'projects:read',
  'project.archived': 'projects:read',
  'agent-instance.created': 'agents:read',
  'agent-instance.edited': 'agents:read',
  'agent-instance.restored': 'agents:read',
  'lifecycle.requested': 'agents:read',
  'lifecycle.transitioned': 'agents:read',
  'lifecycle.replica-transitioned': 'agents:read',
  'lifecycle.renewed': 'agents:read',
  'run.started': 'runs:read',
  'run.ended': 'runs:read',
  'terminal.opened': 'runs:read',
  'terminal.closed': 'runs:read',
  'mcp-session.opened': 'runs:read',
  'mcp-session.closed': 'runs:read',
  'quota.changed': 'projects:read',
  'file.written': 'files:read',
  'file.deleted': 'files:read',
  'folder.created': 'files:read',
  'archive.uploaded': 'files:read',
  'agent.snapshot.created': 'agents:read',
  'agent.snapshot.failed': 'agents:read',
  'agent.snapshot.deleted': 'agents:read',
  'agent.snapshot.restored': 'agents:read',
  'agent.forked': 'agents:read',
  'secret.set': 'secrets:read',
  'secret.deleted': 'secrets:read',
  'network.connected': 'agents:read',
  'network.refused': 'agents:read',
  'access.refused': 'audit:read',
} as const satisfies Record<DomainEventType, Permission>;

export const EVENT_TYPES = Object.keys(EVENT_PERMISSIONS) as readonly DomainEventType[];

/** The events that a role may see. Who may read the audit log sees all. */
export const eventTypesFor = (role: Role): readonly DomainEventType[] =>
  may(role, 'audit:read') ? EVENT_TYPES : EVENT_TYPES.filter((type) => may(role, EVENT_PERMISSIONS[type]));
