import { Types } from 'mongoose';
import type { AgentInstanceId, ProjectId, RunId, TenantId } from '../../domain/ids.js';
import type { Run } from '../../domain/runs/run.js';
import type { RunRecord } from './run.schema.js';

/** What a read has to bring: everything but the outbox. */
export const RUN_PROJECTION = { outbox: 0 } as const;

export type ReadRun = Omit<RunRecord, 'outbox'>;

export function toRun(record: ReadRun): Run {
  return {
    id: record._id.toHexString() as RunId,
    tenantId: record.tenantId.toHexString() as TenantId,
    projectId: record.projectId.toHexString() as ProjectId,
    instanceId: record.instanceId.toHexString() as AgentInstanceId,
    type: record.type,
    replica: record.replica ?? 0,
    status: record.status,
    input: record.input,
    exec: record.exec ?? null,
    exitCode: record.exitCode,
    stdout: record.stdout,
    stderr: record.stderr,
    stdoutFacts: record.stdoutFacts ?? null,
    stderrFacts: record.stderrFacts ?? null,
    output: record.output,
    usage: record.usage,
    resultHash: record.resultHash,
    error: record.error,
    owner: record.owner,
    createdAt: record.createdAt,
    startedAt: record.startedAt,
    endedAt: record.endedAt,
  };
}

/** Everything but the outbox and until when its owner has it, which the caller adds. */
export function fromRun(run: Run): Omit<ReadRun, 'ownedUntil'> {
  return {
    _id: new Types.ObjectId(run.id),
    tenantId: new Types.ObjectId(run.tenantId),
    projectId: new Types.ObjectId(run.projectId),
    instanceId: new Types.ObjectId(run.instanceId),
    type: run.type,
    replica: run.replica,
    status: run.status,
    input: run.input,
    exec: run.exec,
    exitCode: run.exitCode,
    stdout: run.stdout,
    stderr: run.stderr,
    stdoutFacts: run.stdoutFacts,
    stderrFacts: run.stderrFacts,
    cancelRequested: false,
    output: run.output,
    usage: run.usage,
    resultHash: run.resultHash,
    error: run.error,
    owner: run.owner,
    createdAt: run.createdAt,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
  };
}
