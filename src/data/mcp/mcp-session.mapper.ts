import { Types } from 'mongoose';
import type { AgentInstanceId, ApiKeyId, McpSessionId, ProjectId, TenantId } from '../../domain/ids.js';
import type { McpSession } from '../../domain/mcp/mcp-session.js';
import type { McpSessionRecord } from './mcp-session.schema.js';

/** What a read has to bring. */
export const MCP_SESSION_PROJECTION = { outbox: 0, owner: 0, ownedUntil: 0 } as const;

export type ReadMcpSession = Omit<McpSessionRecord, keyof typeof MCP_SESSION_PROJECTION>;

export const toMcpSession = (record: ReadMcpSession): McpSession => ({
  id: record._id.toHexString() as McpSessionId,
  tenantId: record.tenantId.toHexString() as TenantId,
  projectId: record.projectId.toHexString() as ProjectId,
  instanceId: record.instanceId.toHexString() as AgentInstanceId,
  replica: record.replica ?? 0,
  command: record.command,
  state: record.state,
  protocolVersion: record.protocolVersion,
  end: record.end,
  exitCode: record.exitCode,
  stderr: record.stderr,
  apiKeyId: record.apiKeyId.toHexString() as ApiKeyId,
  createdBy: record.createdBy,
  createdAt: record.createdAt,
  endedAt: record.endedAt,
});

export const fromMcpSession = (session: McpSession): ReadMcpSession => ({
  _id: new Types.ObjectId(session.id),
  tenantId: new Types.ObjectId(session.tenantId),
  projectId: new Types.ObjectId(session.projectId),
  instanceId: new Types.ObjectId(session.instanceId),
  replica: session.replica,
  command: [...session.command],
  state: session.state,
  protocolVersion: session.protocolVersion,
  end: session.end,
  exitCode: session.exitCode,
  stderr: session.stderr,
  apiKeyId: new Types.ObjectId(session.apiKeyId),
  createdBy: session.createdBy,
  createdAt: session.createdAt,
  endedAt: session.endedAt,
});
