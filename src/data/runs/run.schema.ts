import { Schema, type Types } from 'mongoose';
import {
  RUN_STATUSES,
  type ExecDetails,
  type RunFailure,
  type RunStatus,
  type RunType,
  type StreamFacts,
  type Usage,
} from '../../domain/runs/run.js';
import { OUTBOX_FIELD, type OutboxRecord } from '../outbox/outbox.schema.js';

export const RUN_MODEL = 'Run';

/** A document of `runs`. */
export interface RunRecord {
  _id: Types.ObjectId;
  tenantId: Types.ObjectId;
  projectId: Types.ObjectId;
  instanceId: Types.ObjectId;
  type: RunType;
  /** Not there in runs of before agents had several. */
  replica?: number;
  status: RunStatus;
  input: string | null;
  exec: ExecDetails | null;
  exitCode: number | null;
  stdout: string | null;
  stderr: string | null;
  stdoutFacts: StreamFacts | null;
  stderrFacts: StreamFacts | null;
  output: string | null;
  usage: Usage | null;
  resultHash: string | null;
  error: RunFailure | null;
  cancelRequested: boolean;
  owner: string;
  /** Until then the owner of an open run is believed to be there, by the database's clock; null once it has ended. */
  ownedUntil: Date | null;
  createdAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
  outbox: OutboxRecord[];
}

const { Mixed, ObjectId } = Schema.Types;

export const runSchema = new Schema<RunRecord>(
  {
    tenantId: { type: ObjectId, required: true },
    projectId: { type: ObjectId, required: true },
    instanceId: { type: ObjectId, required: true },
    type: { type: String, required: true },
    replica: { type: Number, default: 0 },
    status: { type: String, enum: RUN_STATUSES, required: true },
    input: { type: String, default: null },
    exec: { type: Mixed, default: null },
    exitCode: { type: Number, default: null },
    stdout: { type: String, default: null },
    stderr: { type: String, default: null },
    stdoutFacts: { type: Mixed, default: null },
    stderrFacts: { type: Mixed, default: null },
    output: { type: String, default: null },
    usage: { type: Mixed, default: null },
    resultHash: { type: String, default: null },
    error: { type: Mixed, default: null },
    cancelRequested: { type: Boolean, default: false },
    owner: { type: String, required: true },
    ownedUntil: { type: Date, default: null },
    createdAt: { type: Date, required: true },
    startedAt: { type: Date, default: null },
    endedAt: { type: Date, default: null },
    outbox: OUTBOX_FIELD,
  },
  { collection: 'runs', minimize: false, versionKey: false, strict: true },
);

// finds the runs of an agent, newest first: GET …/agents/:id/runs
runSchema.index({ tenantId: 1, instanceId: 1, _id: -1 });
// finds open runs whose owner has fallen silent, and an owner's open runs: RunRecords.findLost and findToCancel
runSchema.index({ ownedUntil: 1, owner: 1 });
// finds what a crash left in the outboxes: OutboxSweeper
runSchema.index({ 'outbox.eventId': 1 }, { partialFilterExpression: { 'outbox.eventId': { $exists: true } } });
