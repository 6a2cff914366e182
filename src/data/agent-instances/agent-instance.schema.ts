import { Schema, type Types } from 'mongoose';
import { AGENT_STATUSES, type AgentStatus } from '../../domain/agent-instances/agent-instance.js';
import type { Actor } from '../../domain/events/actor.js';
import type { Lifecycle } from '../../domain/lifecycle/lifecycle.js';
import type { AgentConfig } from '../../domain/templates/blueprint.js';
import type { Manifest } from '../../domain/templates/manifest.js';
import type { SignedOrigin } from '../../domain/projects/spawn.js';
import type { SpawnRecord } from '../projects/spawn-record.js';
import { OUTBOX_FIELD, type OutboxRecord } from '../outbox/outbox.schema.js';

export const AGENT_INSTANCE_MODEL = 'AgentInstance';

/** Who made the revision that the document now holds, when, and in which fields. */
export interface LastChangeRecord {
  by: Actor;
  at: Date;
  fields: string[];
}

/** A document of `agent_instances`. Written and read by more than one repository; src/data/lifecycle owns `lifecycle`. */
export interface AgentInstanceRecord {
  _id: Types.ObjectId;
  tenantId: Types.ObjectId;
  projectId: Types.ObjectId;
  templateId: Types.ObjectId;
  templateVersion: number;
  templateDigest: string;
  role: string;
  displayName: string;
  identifier: string;
  tags: string[];
  pid: number | null;
  soul: string;
  /** JSON text, as in templates (see ContentRecord there); null when there is none. */
  aieos_identity: string | null;
  systemPrompt: string;
  /** JSON text. */
  tools: string;
  config: AgentConfig;
  manifest: Manifest;
  status: AgentStatus;
  openRuns: Types.ObjectId[];
  workspacePath: string;
  lifecycle: Lifecycle;
  spawn?: SpawnRecord;
  signedOrigin?: SignedOrigin;
  revision: number;
  lastChange: LastChangeRecord;
  createdAt: Date;
  updatedAt: Date;
  /** Set when the agent is gone for good; the document stays, so that its id is never filled again. */
  removedAt: Date | null;
  outbox: OutboxRecord[];
}

const { Mixed, ObjectId } = Schema.Types;

export const agentInstanceSchema = new Schema<AgentInstanceRecord>(
  {
    tenantId: { type: ObjectId, required: true },
    projectId: { type: ObjectId, required: true },
    templateId: { type: ObjectId, ref: 'AgentTemplate', required: true },
    templateVersion: { type: Number, required: true },
    templateDigest: { type: String, required: true },
    role: { type: String, required: true },
    displayName: { type: String, required: true },
    identifier: { type: String, required: true },
    tags: { type: [String], default: [] },
    pid: { type: Number, default: null },
    soul: { type: String, default: '' },
    aieos_identity: { type: Mixed, default: null },
    systemPrompt: { type: String, default: '' },
    tools: { type: String, default: '[]' },
    config: {
      model: { type: String, default: '' },
      provider: { type: String, default: '' },
      skills: { type: String, default: '' },
      canWriteCode: { type: Boolean, default: false },
      mcpServers: { type: [Mixed], default: [] },
    },
    manifest: { type: Mixed, default: {} },
    status: { type: String, enum: AGENT_STATUSES, default: 'idle' },
    openRuns: { type: [ObjectId], default: [] },
    workspacePath: { type: String, required: true },
    lifecycle: { type: Mixed, required: true },
    spawn: { type: Mixed },
    signedOrigin: { type: Mixed },
    revision: { type: Number, required: true },
    lastChange: { type: Mixed, required: true },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    removedAt: { type: Date, default: null },
    outbox: OUTBOX_FIELD,
  },
  { collection: 'agent_instances', minimize: false, versionKey: false, strict: true },
);

// keeps an identifier unique within its project, and finds an agent by it
agentInstanceSchema.index({ tenantId: 1, projectId: 1, identifier: 1 }, { unique: true });
// finds the instances of a project, newest first: GET /projects/:projectId/agents
agentInstanceSchema.index({ tenantId: 1, projectId: 1, _id: -1 });
// finds what of a tenant is alive, however much of it is gone: QuotaFacts.all
agentInstanceSchema.index({ tenantId: 1, removedAt: 1 });
// finds what a crash left in the outboxes: OutboxSweeper
agentInstanceSchema.index(
  { 'outbox.eventId': 1 },
  { partialFilterExpression: { 'outbox.eventId': { $exists: true } } },
);
// finds instances that are due for the reconciler, longest due first: LifecycleRecords.findDue
agentInstanceSchema.index({ 'lifecycle.retryAt': 1 });
// finds instances with open runs, to forget those that ended with their process: AgentRuns.findBusy
agentInstanceSchema.index({ openRuns: 1 });
// finds running agents whose health has to be looked at: UpkeepRecords.takeHealthChecks
agentInstanceSchema.index({ 'lifecycle.healthCheck.dueAt': 1 });
// finds agents with ports that nobody listens for: PortRecords.findUnserved
agentInstanceSchema.index(
  { 'lifecycle.ports.lease.until': 1 },
  { partialFilterExpression: { 'manifest.ports.0': { $exists: true } } },
);
// finds agents with a network that nobody takes calls of: UplinkRecords.findUnserved
agentInstanceSchema.index(
  { 'lifecycle.uplink.lease.until': 1 },
  { partialFilterExpression: { 'manifest.network.mode': { $exists: true } } },
);
// counts the agents by state, and how long they have been running, from the index alone: FleetCensus
agentInstanceSchema.index({ 'lifecycle.state': 1, 'lifecycle.startedAt': 1 });
