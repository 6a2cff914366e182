import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { RunId } from '../../domain/ids.js';
import { RunRecords } from '../../domain/runs/run-records.js';
import { newOwner } from '../../platform/leases/new-owner.js';
import { RunOutput } from './run-output.js';
import { SandboxSettings } from './sandbox-settings.js';

interface OpenRun {
  readonly output: RunOutput;
  readonly cancel: AbortController;
}

/** The runs whose answers this process waits for; says again and again that it is there, so that they are not lost. */
@Injectable()
export class OpenRuns implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly owner = newOwner();
  private readonly logger = new Logger(OpenRuns.name);
  private readonly endings = new Set<Promise<unknown>>();
  private readonly runs = new Map<RunId, OpenRun>();
  private readonly owned = new Set<RunId>();
  private readonly shutdown = new AbortController();
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly records: RunRecords,
    private readonly settings: SandboxSettings,
  ) {}

  /** Aborted when this process ends; its reason is what the runs then end with. */
  get ending(): AbortSignal {
    return this.shutdown.signal;
  }

  onApplicationBootstrap(): void {
    const { renewEveryMs, cancelLookEveryMs } = this.settings;
    this.timers = [
      setInterval(() => void this.attempt(() => this.renew()), renewEveryMs),
      setInterval(() => void this.attempt(() => this.cancelAsAsked()), cancelLookEveryMs),
    ];
    for (const timer of this.timers) timer.unref();
  }

  /** Requests in flight are finished by now: what is still open goes on for nobody in this process. */
  async beforeApplicationShutdown(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.shutdown.abort(new DomainError('RUN_LOST', 'Muster was shut down before the agent had answered.'));
    await Promise.allSettled(this.endings);
  }

  /** From now on it is said of this run that this process is there for it; what nobody carries any more lapses, and is swept. */
  own(id: RunId): void {
    this.owned.add(id);
  }

  disown(id: RunId): void {
    this.owned.delete(id);
  }

  /** Whether this process is there for it, whatever the database says. */
  owns(id: RunId): boolean {
    return this.owned.has(id);
  }

  /** Keeps a run as this process's own until it has ended. */
  keep<T>(id: RunId, start: (open: OpenRun) => Promise<T>): Promise<T> {
    const open = { output: new RunOutput(), cancel: new AbortController() };
    this.runs.set(id, open);
    this.own(id);
    const ending = start(open);
    this.endings.add(ending);
    const forget = (): void => {
      open.output.end();
      this.runs.delete(id);
      this.disown(id);
      this.endings.delete(ending);
    };
    ending.then(forget, forget);
    return ending;
  }

  /** What a run of this process writes; null when it is not open here. */
  outputOf(id: RunId): RunOutput | null {
    return this.runs.get(id)?.output ?? null;
  }

  /** Ends a run of this process as cancelled. */
  cancel(id: RunId): void {
    this.runs.get(id)?.cancel.abort();
  }

  private async renew(): Promise<void> {
    await this.records.renew(this.owner, [...this.owned], this.settings.ownedMs);
  }

  /** Somebody may have asked another process. */
  private async cancelAsAsked(): Promise<void> {
    for (const id of await this.records.findToCancel(this.owner)) this.cancel(id);
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    if (this.owned.size === 0) return;
    try {
      await work();
    } catch (error) {
      this.logger.warn({ msg: 'open runs could not be renewed or looked at; it is tried again', err: error });
    }
  }
}
