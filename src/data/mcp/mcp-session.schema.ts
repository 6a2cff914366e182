import { Schema, type Types } from 'mongoose';
import type { Actor } from '../../domain/events/actor.js';
import { MCP_SESSION_STATES, type McpSessionEnd, type McpSessionState } from '../../domain/mcp/mcp-session.js';
import { OUTBOX_FIELD, type OutboxRecord } from '../outbox/outbox.schema.js';

export const MCP_SESSION_MODEL = 'McpSession';

/** A document of `mcp_sessions`. */
export interface McpSessionRecord {
  _id: Types.ObjectId;
  tenantId: Types.ObjectId;
  projectId: Types.ObjectId;
  instanceId: Types.ObjectId;
  /** Not there in sessions of before they were spread. */
  replica?: number;
  command: string[];
  state: McpSessionState;
  protocolVersion: string | null;
  end: McpSessionEnd | null;
  exitCode: number | null;
  stderr: string | null;
  apiKeyId: Types.ObjectId;
  createdBy: Actor;
  createdAt: Date;
  endedAt: Date | null;
  owner: string;
  /** Until then the owner is believed to be there, by the database's clock; null once it has ended. */
  ownedUntil: Date | null;
  outbox: OutboxRecord[];
}

const { Mixed, ObjectId } = Schema.Types;

export const mcpSessionSchema = new Schema<McpSessionRecord>(
  {
    tenantId: { type: ObjectId, required: true },
    projectId: { type: ObjectId, required: true },
    instanceId: { type: ObjectId, required: true },
    replica: { type: Number, default: 0 },
    command: { type: [String], required: true },
    state: { type: String, enum: MCP_SESSION_STATES, required: true },
    protocolVersion: { type: String, default: null },
    end: { type: String, default: null },
    exitCode: { type: Number, default: null },
    stderr: { type: String, default: null },
    apiKeyId: { type: ObjectId, required: true },
    createdBy: { type: Mixed, required: true },
    createdAt: { type: Date, required: true },
    endedAt: { type: Date, default: null },
    owner: { type: String, required: true },
    ownedUntil: { type: Date, default: null },
    outbox: OUTBOX_FIELD,
  },
  { collection: 'mcp_sessions', minimize: false, versionKey: false, strict: true },
);

// finds the sessions of an agent, newest first: GET …/agents/:id/mcp/sessions
mcpSessionSchema.index({ tenantId: 1, instanceId: 1, _id: -1 });
// counts what of a tenant has not ended: McpSessionRecords.countLive
mcpSessionSchema.index({ tenantId: 1, state: 1 });
// finds sessions whose owner has fallen silent: McpSessionRecords.findLost
mcpSessionSchema.index({ ownedUntil: 1 });
// finds what a crash left in the outboxes: OutboxSweeper
mcpSessionSchema.index({ 'outbox.eventId': 1 }, { partialFilterExpression: { 'outbox.eventId': { $exists: true } } });
