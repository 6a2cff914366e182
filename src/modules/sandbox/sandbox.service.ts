import { Injectable, Logger } from '@nestjs/common';
import type { Actor } from '../../domain/events/actor.js';
import { systemActor } from '../../domain/events/actor.js';
import { domainEvent, type DomainEvent, type DomainEvents } from '../../domain/events/domain-events.js';
import { newId, type RunId } from '../../domain/ids.js';
import { AgentUse, type Use } from '../../domain/lifecycle/agent-use.js';
import { LifecycleRecords, type InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { runHolding } from '../../domain/quotas/holding.js';
import { QuotaExceededError } from '../../domain/quotas/quota-exceeded.error.js';
import { QuotaGate } from '../../domain/quotas/quota-gate.js';
import type { Page, PageRequest } from '../../domain/page.js';
import { AgentNotRunningError } from '../../domain/runs/agent-not-running.error.js';
import { RunRecords, type RunOutcome } from '../../domain/runs/run-records.js';
import type { Run, RunType } from '../../domain/runs/run.js';
import { sha256 } from '../../platform/crypto/digest.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { OpenRuns } from './open-runs.js';
import { RunExecution } from './run-execution.js';
import { SandboxSettings } from './sandbox-settings.js';

export interface RunRequest {
  readonly type: RunType;
  readonly input: string;
}

/** A run that is on record. */
interface Begun {
  readonly run: Run;
  /** The instance when the run is open on it already; null when it has to wait for its turn. */
  readonly begun: ManagedInstance | null;
  /** Keeps the agent while the run waits; null when the open run does. */
  readonly use: Use | null;
  readonly event: DomainEvent<'run.started'>;
}

/** Gives agents work, and shows what came of it. */
@Injectable()
export class SandboxService {
  private readonly logger = new Logger(SandboxService.name);

  constructor(
    private readonly instances: LifecycleRecords,
    private readonly runs: RunRecords,
    private readonly execution: RunExecution,
    private readonly open: OpenRuns,
    private readonly use: AgentUse,
    private readonly bus: DomainEventBus,
    private readonly settings: SandboxSettings,
    private readonly quotas: QuotaGate,
  ) {}

  /**
   * Starts a run and waits for its end up to `waitMs`; afterwards it goes on.
   * @returns the run, ended or not
   * @throws NotFoundError, AgentNotRunningError, QuotaExceededError
   */
  async run(path: InstancePath, request: RunRequest, actor: Actor, waitMs: number): Promise<Run> {
    const id = newId<RunId>();
    const holding = runHolding(id, path.projectId);
    const { run, begun, use, event } = await this.quotas
      .claimFor(path.tenantId, [holding], () => this.begin(id, path, request, actor))
      .catch(async (error: unknown) => {
        // Who has no such agent is told that, whether there is room or not.
        if (error instanceof QuotaExceededError) await this.instances.get(path);
        throw error;
      });
    this.bus.publish(event);
    const ending = this.open.keep(this.carryOut(run, path, begun, use));
    return waitMs === 0 ? run : this.settled(ending, run, path, waitMs);
  }

  /** Notes it with its agent, and on record. */
  private async begin(id: RunId, path: InstancePath, request: RunRequest, actor: Actor): Promise<Begun> {
    const begun = await this.beginNow(path, id);
    // An open run keeps its agent; one that waits for its turn, or for the agent to wake, has to say so.
    const use = begun === null ? await this.use.hold(path) : null;
    const run = this.newRun(id, path, request, begun !== null);
    const event = runEvent('run.started', run, actor, {
      runId: id,
      instanceId: path.id,
      runType: run.type,
      inputHash: sha256(run.input),
    });
    try {
      await this.runs.insert(run, this.settings.ownedMs, event);
    } catch (error) {
      await Promise.all([this.instances.endRun(path.id, id), use?.release()]);
      throw error;
    }
    return { run, begun, use, event };
  }

  /** @throws NotFoundError */
  async get(path: InstancePath, id: RunId): Promise<Run> {
    return this.runs.get(path, id);
  }

  /** @throws NotFoundError when there is no such agent */
  async list(path: InstancePath, page: PageRequest): Promise<Page<Run>> {
    await this.instances.get(path);
    return this.runs.list(path, page);
  }

  /**
   * Ends an open run. The agent is free for others again even when the run had ended before.
   * @returns the run as it ended, or null when it had ended before
   */
  async end(run: Run, outcome: RunOutcome): Promise<Run | null> {
    const event = runEvent('run.ended', run, systemActor('sandbox'), {
      runId: run.id,
      instanceId: run.instanceId,
      status: outcome.status,
      resultHash: outcome.resultHash,
    });
    const [ended] = await Promise.all([
      this.runs.end(run.id, outcome, event),
      this.instances.endRun(run.instanceId, run.id),
    ]);
    if (ended !== null) this.bus.publish(event);
    return ended;
  }

  /** null: it is not its turn yet, or the agent does not run. @throws NotFoundError */
  private async beginNow(path: InstancePath, id: RunId): Promise<ManagedInstance | null> {
    try {
      return await this.instances.beginRun(path, id, this.settings.runsPerAgent);
    } catch (error) {
      // To hold it says whether it sleeps, or will not run at all.
      if (error instanceof AgentNotRunningError) return null;
      throw error;
    }
  }

  private newRun(id: RunId, path: InstancePath, { type, input }: RunRequest, begun: boolean): Run {
    const createdAt = new Date();
    return {
      id,
      tenantId: path.tenantId,
      projectId: path.projectId,
      instanceId: path.id,
      type,
      status: begun ? 'running' : 'queued',
      input,
      exitCode: null,
      stdout: null,
      stderr: null,
      output: null,
      usage: null,
      resultHash: null,
      error: null,
      owner: this.open.owner,
      createdAt,
      startedAt: begun ? createdAt : null,
      endedAt: null,
    };
  }

  /** null: its end could not be written, or somebody else wrote it; what is stored says what it is. */
  private async carryOut(
    run: Run,
    path: InstancePath,
    begun: ManagedInstance | null,
    use: Use | null,
  ): Promise<Run | null> {
    const outcome = await this.execution.execute(run, path, begun, use);
    try {
      const ended = await this.end(run, outcome);
      await use?.release();
      return ended;
    } catch (error) {
      this.logger.error({
        msg: "a run's end could not be written; the sweep ends it as lost",
        run: run.id,
        err: error,
      });
      return null;
    }
  }

  private async settled(ending: Promise<Run | null>, run: Run, path: InstancePath, waitMs: number): Promise<Run> {
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, waitMs, null);
    });
    const ended = await Promise.race([ending, timeUp]);
    clearTimeout(timer);
    return ended ?? this.runs.get(path, run.id);
  }
}

const runEvent = <T extends 'run.started' | 'run.ended'>(
  type: T,
  run: Run,
  actor: Actor,
  data: DomainEvents[T],
): DomainEvent<T> => domainEvent(type, { tenantId: run.tenantId, actor, subject: { type: 'run', id: run.id } }, data);
