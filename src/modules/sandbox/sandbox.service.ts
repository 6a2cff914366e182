import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from '../../domain/events/actor.js';
import { systemActor } from '../../domain/events/actor.js';
import { domainEvent, type DomainEvent, type DomainEvents } from '../../domain/events/domain-events.js';
import { newId, type RunId } from '../../domain/ids.js';
import { AgentRuns } from '../../domain/lifecycle/agent-runs.js';
import { AgentUse } from '../../domain/lifecycle/agent-use.js';
import { assertThere } from '../../domain/lifecycle/replicas.js';
import { firstOne } from '../../domain/lifecycle/serving-replicas.js';
import { LifecycleRecords, type InstancePath } from '../../domain/lifecycle/lifecycle-records.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import type { Page, PageRequest } from '../../domain/page.js';
import { runHolding } from '../../domain/quotas/holding.js';
import { QuotaGate } from '../../domain/quotas/quota-gate.js';
import { AgentNotRunningError } from '../../domain/runs/agent-not-running.error.js';
import { NO_RESULT, RunRecords, type RunOutcome } from '../../domain/runs/run-records.js';
import type { RunRequests } from '../../domain/runs/run-request.js';
import type { Run, RunType } from '../../domain/runs/run.js';
import { Telemetry } from '../../domain/telemetry/telemetry.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import type { RunKind } from './kinds/run-kind.js';
import { RunKinds } from './kinds/run-kinds.js';
import { OpenRuns } from './open-runs.js';
import { RunExecution, type Commission } from './run-execution.js';
import type { RunOutput } from './run-output.js';
import { SandboxSettings } from './sandbox-settings.js';

/** A run that is on record. */
type Begun = Pick<Commission<RunType>, 'run' | 'begun' | 'use'> & { readonly event: DomainEvent<'run.started'> };

/** A run that is asked for. */
interface Asked<T extends RunType> {
  readonly request: RunRequests[T] & { readonly type: T };
  /** undefined: none was named. */
  readonly replica: number | undefined;
}

/** Gives agents work, and shows what came of it. */
@Injectable()
export class SandboxService {
  private readonly logger = new Logger(SandboxService.name);

  constructor(
    private readonly instances: LifecycleRecords,
    private readonly agentRuns: AgentRuns,
    private readonly runs: RunRecords,
    private readonly kinds: RunKinds,
    private readonly execution: RunExecution,
    private readonly open: OpenRuns,
    private readonly use: AgentUse,
    private readonly bus: DomainEventBus,
    private readonly settings: SandboxSettings,
    private readonly quotas: QuotaGate,
    private readonly telemetry: Telemetry,
  ) {}

  /**
   * Starts a run, in one of the agent's replicas, and waits for its end up to `waitMs`; afterwards it goes on.
   * @param replica the first one that can serve when it begins unless given
   * @returns the run, ended or not
   * @throws NotFoundError, also when there is no such replica; AgentNotRunningError, QuotaExceededError, RuntimeError unsupported
   */
  async run<T extends RunType>(
    path: InstancePath,
    request: RunRequests[T] & { readonly type: T },
    actor: Actor,
    waitMs: number,
    replica?: number,
  ): Promise<Run> {
    const kind = await this.possibleKind(request.type, path);
    if (replica !== undefined) assertThere(await this.instances.get(path), replica);
    const id = newId<RunId>();
    const { run, begun, use, event } = await this.begin(id, path, kind, { request, replica }, actor);
    this.bus.publish(event);
    const ending = this.open.keep(id, ({ output, cancel }) =>
      this.carryOut({ run, kind, request, replica, path, begun, use, output, cancelled: cancel.signal }),
    );
    return waitMs === 0 ? run : this.settled(ending, run, path, waitMs);
  }

  /** @throws NotFoundError, RuntimeError unsupported */
  private async possibleKind<T extends RunType>(type: T, path: InstancePath): Promise<RunKind<T>> {
    const kind = this.kinds.of(type);
    try {
      kind.assertPossible();
    } catch (error) {
      await this.instances.get(path);
      throw error;
    }
    return kind;
  }

  /** Claims its place, and notes it with its agent at the same time: both can be undone, and who waits for one waits for both. */
  private async begin<T extends RunType>(
    id: RunId,
    path: InstancePath,
    kind: RunKind<T>,
    asked: Asked<T>,
    actor: Actor,
  ): Promise<Begun> {
    // From before it is on record, so that it does not lapse however long that takes.
    this.open.own(id);
    const beginning = this.beginNow(path, id);
    beginning.catch(() => undefined);
    try {
      return await this.quotas.claimFor(path.tenantId, [runHolding(id, path.projectId)], async () =>
        this.record(id, path, kind, asked, actor, await beginning),
      );
    } catch (error) {
      this.open.disown(id);
      if ((await beginning) !== null) await this.agentRuns.end(path.id, id);
      throw error;
    }
  }

  private async record<T extends RunType>(
    id: RunId,
    path: InstancePath,
    kind: RunKind<T>,
    { request, replica: named }: Asked<T>,
    actor: Actor,
    begun: ManagedInstance | null,
  ): Promise<Begun> {
    // An open run keeps its agent; one that waits for its turn, or for the agent to wake, has to say so.
    const use = begun === null ? await this.use.hold(path) : null;
    const { fields, inputHash } = kind.describe(request);
    // One that waits for its turn is given its place then.
    const replica = named ?? (begun === null ? 0 : firstOne(begun));
    const run = this.newRun(id, path, { type: request.type, replica, ...fields }, begun !== null);
    const event = runEvent('run.started', run, actor, {
      runId: id,
      instanceId: path.id,
      runType: run.type,
      inputHash,
    });
    try {
      await this.runs.insert(run, this.settings.ownedMs, event);
    } catch (error) {
      await use?.release();
      throw error;
    }
    return { run, begun, use, event };
  }

  /** @throws NotFoundError */
  async get(path: InstancePath, id: RunId): Promise<Run> {
    return this.runs.get(path, id);
  }

  /**
   * Asks an open run to end, and waits for that up to `waitMs`. One that has ended stays as it is.
   * @throws NotFoundError
   */
  async cancel(path: InstancePath, id: RunId, waitMs: number): Promise<Run> {
    const run = await this.runs.get(path, id);
    if (run.endedAt !== null) return run;
    await this.runs.requestCancel(id);
    this.open.cancel(id);
    return this.ended(path, id, AbortSignal.timeout(waitMs));
  }

  /** What a run writes while it is open in this process, from a position on; null when it is not. */
  outputOf(id: RunId): RunOutput | null {
    return this.open.outputOf(id);
  }

  /** The run once it has ended, or as it is when the signal is aborted. @throws NotFoundError */
  async ended(path: InstancePath, id: RunId, signal: AbortSignal): Promise<Run> {
    for (;;) {
      const run = await this.runs.get(path, id);
      if (run.endedAt !== null || signal.aborted) return run;
      await sleep(this.settings.endLookEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Ends what a run whose process is gone has left in its agent. */
  async abandon(run: Run): Promise<void> {
    const instance = await this.instances.find(run.instanceId);
    if (instance !== null) await this.kinds.of(run.type).abandon(run, instance);
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
      this.agentRuns.end(run.instanceId, run.id),
    ]);
    if (ended === null) return null;
    this.telemetry.runEnded(ended.type, ended.status, secondsOf(ended));
    this.bus.publish(event);
    return ended;
  }

  /** null: it is not its turn yet, or the agent does not run. @throws NotFoundError */
  private async beginNow(path: InstancePath, id: RunId): Promise<ManagedInstance | null> {
    try {
      return await this.agentRuns.begin(path, id, this.settings.runsPerAgent);
    } catch (error) {
      // To hold it says whether it sleeps, or will not run at all.
      if (error instanceof AgentNotRunningError) return null;
      throw error;
    }
  }

  private newRun(
    id: RunId,
    path: InstancePath,
    asked: Pick<Run, 'type' | 'replica' | 'input' | 'exec'>,
    begun: boolean,
  ): Run {
    const createdAt = new Date();
    return {
      id,
      tenantId: path.tenantId,
      projectId: path.projectId,
      instanceId: path.id,
      status: begun ? 'running' : 'queued',
      ...asked,
      ...NO_RESULT,
      owner: this.open.owner,
      createdAt,
      startedAt: begun ? createdAt : null,
      endedAt: null,
    };
  }

  /** null: its end could not be written, or somebody else wrote it; what is stored says what it is. */
  private async carryOut<T extends RunType>(commission: Commission<T>): Promise<Run | null> {
    const { run, use } = commission;
    const outcome = await this.execution.execute(commission);
    try {
      return await this.end(run, outcome);
    } catch (error) {
      this.logger.error({
        msg: "a run's end could not be written; the sweep ends it as lost",
        run: run.id,
        err: error,
      });
      return null;
    } finally {
      await use?.release();
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

const secondsOf = ({ createdAt, startedAt, endedAt }: Run): number =>
  Math.max(0, (endedAt ?? new Date()).getTime() - (startedAt ?? createdAt).getTime()) / 1000;
