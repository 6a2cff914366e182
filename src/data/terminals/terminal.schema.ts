import { Schema, type Types } from 'mongoose';
import type { Actor } from '../../domain/events/actor.js';
import type { TerminalSize } from '../../domain/runtime/exec-session.js';
import { TERMINAL_STATES, type TerminalEnd, type TerminalState } from '../../domain/terminals/terminal.js';
import { OUTBOX_FIELD, type OutboxRecord } from '../outbox/outbox.schema.js';

export const TERMINAL_MODEL = 'Terminal';

/** A document of `terminals`. */
export interface TerminalRecord {
  _id: Types.ObjectId;
  tenantId: Types.ObjectId;
  projectId: Types.ObjectId;
  instanceId: Types.ObjectId;
  /** Not there in terminals of before they could be in another than the first. */
  replica?: number;
  command: string[];
  cwd: string;
  envNames: string[];
  size: TerminalSize;
  state: TerminalState;
  end: TerminalEnd | null;
  exitCode: number | null;
  apiKeyId: Types.ObjectId;
  createdBy: Actor;
  createdAt: Date;
  openedAt: Date | null;
  endedAt: Date | null;
  /** null once it was opened. */
  environment: { byTicket: string; byKey: string } | null;
  owner: string | null;
  /** Until then the owner of an open terminal is believed to be there, by the database's clock; else null. */
  ownedUntil: Date | null;
  closeRequestedBy: Actor | null;
  outbox: OutboxRecord[];
}

const { Mixed, ObjectId } = Schema.Types;

export const terminalSchema = new Schema<TerminalRecord>(
  {
    tenantId: { type: ObjectId, required: true },
    projectId: { type: ObjectId, required: true },
    instanceId: { type: ObjectId, required: true },
    replica: { type: Number, default: 0 },
    command: { type: [String], required: true },
    cwd: { type: String, required: true },
    envNames: { type: [String], default: [] },
    size: { type: Mixed, required: true },
    state: { type: String, enum: TERMINAL_STATES, required: true },
    end: { type: String, default: null },
    exitCode: { type: Number, default: null },
    apiKeyId: { type: ObjectId, required: true },
    createdBy: { type: Mixed, required: true },
    createdAt: { type: Date, required: true },
    openedAt: { type: Date, default: null },
    endedAt: { type: Date, default: null },
    environment: { type: Mixed, default: null },
    owner: { type: String, default: null },
    ownedUntil: { type: Date, default: null },
    closeRequestedBy: { type: Mixed, default: null },
    outbox: OUTBOX_FIELD,
  },
  { collection: 'terminals', minimize: false, versionKey: false, strict: true },
);

// finds the terminals of an agent, newest first: GET …/agents/:id/terminals
terminalSchema.index({ tenantId: 1, instanceId: 1, _id: -1 });
// counts what of a tenant is not ended: TerminalRecords.countLive
terminalSchema.index({ tenantId: 1, state: 1 });
// finds open terminals whose owner has fallen silent, and an owner's: TerminalRecords.findLost and findToClose
terminalSchema.index({ ownedUntil: 1, owner: 1 });
// finds what nobody connected to: TerminalRecords.discardStale
terminalSchema.index({ state: 1, createdAt: 1 });
// finds what a crash left in the outboxes: OutboxSweeper
terminalSchema.index({ 'outbox.eventId': 1 }, { partialFilterExpression: { 'outbox.eventId': { $exists: true } } });
