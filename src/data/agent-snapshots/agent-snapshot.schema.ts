import { Schema, type Types } from 'mongoose';
import {
  SNAPSHOT_STATES,
  SNAPSHOT_TARGETS,
  type CommittedImage,
  type SnapshotBlueprint,
  type SnapshotFailure,
  type SnapshotState,
  type SnapshotTarget,
  type StoredArchive,
} from '../../domain/agent-snapshots/agent-snapshot.js';
import type { Actor } from '../../domain/events/actor.js';
import { OUTBOX_FIELD, type OutboxRecord } from '../outbox/outbox.schema.js';

export const AGENT_SNAPSHOT_MODEL = 'AgentSnapshot';

/** Identity and tools are JSON text, as in agent instances. */
export type BlueprintRecord = Omit<SnapshotBlueprint, 'aieos_identity' | 'tools' | 'tags'> & {
  aieos_identity: string | null;
  tools: string;
  tags: string[];
};

/** A document of `agent_snapshots`. */
export interface AgentSnapshotRecord {
  _id: Types.ObjectId;
  tenantId: Types.ObjectId;
  projectId: Types.ObjectId;
  instanceId: Types.ObjectId;
  revision: number;
  role: string;
  templateId: Types.ObjectId;
  templateVersion: number;
  templateDigest: string;
  blueprint: BlueprintRecord;
  blueprintDigest: string;
  target: SnapshotTarget;
  reason: string | null;
  state: SnapshotState;
  archive: StoredArchive | null;
  image: CommittedImage | null;
  error: SnapshotFailure | null;
  createdBy: Actor;
  createdAt: Date;
  endedAt: Date | null;
  /** Which of its agent's places it takes, from 0; `#` and the id once it is deleted. */
  place: string;
  /** Until then the maker of a pending one is believed to be there, by the database's clock; null once it has ended. */
  makerUntil: Date | null;
  /** A file or an image of it may be there though it is not ready. */
  uncleared: boolean;
  outbox: OutboxRecord[];
}

const { Mixed, ObjectId } = Schema.Types;

export const agentSnapshotSchema = new Schema<AgentSnapshotRecord>(
  {
    tenantId: { type: ObjectId, required: true },
    projectId: { type: ObjectId, required: true },
    instanceId: { type: ObjectId, required: true },
    revision: { type: Number, required: true },
    role: { type: String, required: true },
    templateId: { type: ObjectId, ref: 'AgentTemplate', required: true },
    templateVersion: { type: Number, required: true },
    templateDigest: { type: String, required: true },
    blueprint: { type: Mixed, required: true },
    blueprintDigest: { type: String, required: true },
    target: { type: String, enum: SNAPSHOT_TARGETS, required: true },
    reason: { type: String, default: null },
    state: { type: String, enum: SNAPSHOT_STATES, required: true },
    archive: { type: Mixed, default: null },
    image: { type: Mixed, default: null },
    error: { type: Mixed, default: null },
    createdBy: { type: Mixed, required: true },
    createdAt: { type: Date, required: true },
    endedAt: { type: Date, default: null },
    place: { type: String, required: true },
    makerUntil: { type: Date, default: null },
    uncleared: { type: Boolean, default: false },
    outbox: OUTBOX_FIELD,
  },
  { collection: 'agent_snapshots', minimize: false, versionKey: false, strict: true },
);

// gives each of an agent's places to one snapshot at most: AgentSnapshots.insert
agentSnapshotSchema.index({ tenantId: 1, instanceId: 1, place: 1 }, { unique: true });
// finds the snapshots of an agent, newest first: GET …/agents/:id/snapshots
agentSnapshotSchema.index({ tenantId: 1, instanceId: 1, _id: -1 });
// finds pending ones whose maker has fallen silent: AgentSnapshots.findLost
agentSnapshotSchema.index({ makerUntil: 1 });
// finds what failed and deleted ones have left: AgentSnapshots.findUncleared
agentSnapshotSchema.index({ uncleared: 1, state: 1 });
// finds what a crash left in the outboxes: OutboxSweeper
agentSnapshotSchema.index(
  { 'outbox.eventId': 1 },
  { partialFilterExpression: { 'outbox.eventId': { $exists: true } } },
);
