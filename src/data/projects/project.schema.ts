import type { ForkOrigin } from '../../domain/agent-snapshots/agent-snapshot.js';
import { Schema, type Types } from 'mongoose';
import type { Actor } from '../../domain/events/actor.js';
import type { SpawnRecord } from './spawn-record.js';
import { OUTBOX_FIELD, type OutboxRecord } from '../outbox/outbox.schema.js';

export const PROJECT_MODEL = 'Project';

export interface RoleAssignmentRecord {
  instanceId: Types.ObjectId;
  identifier: string;
  role: string;
  templateId: Types.ObjectId;
  templateVersion: number;
  displayName: string | null;
  tags: string[];
  /** Not there in documents of an older Muster. */
  forkedFrom?: ForkOrigin | null;
  assignedAt: Date;
  assignedBy: Actor;
  spawn?: SpawnRecord;
}

/** A document of `projects`. */
export interface ProjectRecord {
  _id: Types.ObjectId;
  tenantId: Types.ObjectId;
  name: string;
  slug: string;
  /** The slug while it is taken; with the id behind it once the project is archived. */
  slugKey: string;
  description: string;
  autostart: boolean;
  roleAssignments: RoleAssignmentRecord[];
  roleCounters: Record<string, number>;
  pendingSnapshots: Types.ObjectId[];
  pendingRemovals: RoleAssignmentRecord[];
  revision: number;
  createdAt: Date;
  updatedAt: Date;
  archivedAt: Date | null;
  outbox: OutboxRecord[];
}

const { Mixed, ObjectId } = Schema.Types;

const ASSIGNMENT = new Schema<RoleAssignmentRecord>(
  {
    instanceId: { type: ObjectId, required: true },
    identifier: { type: String, required: true },
    role: { type: String, required: true },
    templateId: { type: ObjectId, ref: 'AgentTemplate', required: true },
    templateVersion: { type: Number, required: true },
    displayName: { type: String, default: null },
    tags: { type: [String], default: [] },
    forkedFrom: { type: Mixed, default: null },
    assignedAt: { type: Date, required: true },
    assignedBy: { type: Mixed, required: true },
    spawn: { type: Mixed },
  },
  { _id: false },
);

export const projectSchema = new Schema<ProjectRecord>(
  {
    tenantId: { type: ObjectId, required: true },
    name: { type: String, required: true },
    slug: { type: String, required: true },
    slugKey: { type: String, required: true },
    description: { type: String, default: '' },
    autostart: { type: Boolean, default: false },
    roleAssignments: { type: [ASSIGNMENT], default: [] },
    roleCounters: { type: Mixed, default: {} },
    pendingSnapshots: { type: [ObjectId], default: [] },
    pendingRemovals: { type: [ASSIGNMENT], default: [] },
    revision: { type: Number, required: true },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    archivedAt: { type: Date, default: null },
    outbox: OUTBOX_FIELD,
  },
  { collection: 'projects', minimize: false, versionKey: false, strict: true },
);

// keeps a slug unique among the tenant's live projects
projectSchema.index({ tenantId: 1, slugKey: 1 }, { unique: true });
// lists a tenant's projects, newest first: GET /projects
projectSchema.index({ tenantId: 1, _id: -1 });
// finds projects whose snapshots a crash left undone: RosterSweeper
projectSchema.index(
  { 'pendingSnapshots.0': 1 },
  { partialFilterExpression: { 'pendingSnapshots.0': { $exists: true } } },
);
// finds projects whose agents a crash left unasked to go: RosterSweeper
projectSchema.index(
  { 'pendingRemovals.instanceId': 1 },
  { partialFilterExpression: { 'pendingRemovals.instanceId': { $exists: true } } },
);
// finds what a crash left in the outboxes: OutboxSweeper
projectSchema.index({ 'outbox.eventId': 1 }, { partialFilterExpression: { 'outbox.eventId': { $exists: true } } });
