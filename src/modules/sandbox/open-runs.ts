import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { DomainError } from '../../domain/errors/domain-error.js';
import { RunRecords } from '../../domain/runs/run-records.js';
import { SandboxSettings } from './sandbox-settings.js';

/** The runs whose answers this process waits for; says again and again that it is there, so that they are not lost. */
@Injectable()
export class OpenRuns implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly owner = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  private readonly logger = new Logger(OpenRuns.name);
  private readonly runs = new Set<Promise<unknown>>();
  private readonly shutdown = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly records: RunRecords,
    private readonly settings: SandboxSettings,
  ) {}

  /** Aborted when this process ends; its reason is what the runs then end with. */
  get ending(): AbortSignal {
    return this.shutdown.signal;
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.renew(), this.settings.renewEveryMs).unref();
  }

  /** Requests in flight are finished by now: what is still open goes on for nobody in this process. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.shutdown.abort(new DomainError('RUN_LOST', 'Muster was shut down before the agent had answered.'));
    await Promise.allSettled(this.runs);
  }

  /** Keeps a run as this process's own until it has ended. */
  keep<T>(run: Promise<T>): Promise<T> {
    this.runs.add(run);
    const forget = (): void => {
      this.runs.delete(run);
    };
    run.then(forget, forget);
    return run;
  }

  private async renew(): Promise<void> {
    if (this.runs.size === 0) return;
    try {
      await this.records.renew(this.owner, this.settings.ownedMs);
    } catch (error) {
      this.logger.warn({ msg: 'open runs could not be renewed; it is tried again', err: error });
    }
  }
}
