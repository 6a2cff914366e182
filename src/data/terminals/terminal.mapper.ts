import { Types } from 'mongoose';
import type { AgentInstanceId, ApiKeyId, ProjectId, TenantId, TerminalId } from '../../domain/ids.js';
import type { Terminal } from '../../domain/terminals/terminal.js';
import type { TerminalRecord } from './terminal.schema.js';

/** What a read has to bring. */
export const TERMINAL_PROJECTION = {
  outbox: 0,
  environment: 0,
  owner: 0,
  ownedUntil: 0,
  closeRequestedBy: 0,
} as const;

export type ReadTerminal = Omit<TerminalRecord, keyof typeof TERMINAL_PROJECTION>;

export const toTerminal = (record: ReadTerminal): Terminal => ({
  id: record._id.toHexString() as TerminalId,
  tenantId: record.tenantId.toHexString() as TenantId,
  projectId: record.projectId.toHexString() as ProjectId,
  instanceId: record.instanceId.toHexString() as AgentInstanceId,
  replica: record.replica ?? 0,
  command: record.command,
  cwd: record.cwd,
  envNames: record.envNames,
  size: record.size,
  state: record.state,
  end: record.end,
  exitCode: record.exitCode,
  apiKeyId: record.apiKeyId.toHexString() as ApiKeyId,
  createdBy: record.createdBy,
  createdAt: record.createdAt,
  openedAt: record.openedAt,
  endedAt: record.endedAt,
});

export const fromTerminal = (terminal: Terminal): ReadTerminal => ({
  _id: new Types.ObjectId(terminal.id),
  tenantId: new Types.ObjectId(terminal.tenantId),
  projectId: new Types.ObjectId(terminal.projectId),
  instanceId: new Types.ObjectId(terminal.instanceId),
  replica: terminal.replica,
  command: [...terminal.command],
  cwd: terminal.cwd,
  envNames: [...terminal.envNames],
  size: terminal.size,
  state: terminal.state,
  end: terminal.end,
  exitCode: terminal.exitCode,
  apiKeyId: new Types.ObjectId(terminal.apiKeyId),
  createdBy: terminal.createdBy,
  createdAt: terminal.createdAt,
  openedAt: terminal.openedAt,
  endedAt: terminal.endedAt,
});
