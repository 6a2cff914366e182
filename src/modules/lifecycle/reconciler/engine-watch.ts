import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { LifecycleRecords } from '../../../domain/lifecycle/lifecycle-records.js';
import { lifecycleError } from '../../../domain/lifecycle/recovery.js';
import { backOffMs } from '../../../domain/lifecycle/restart-policy.js';
import { ContainerRuntime, type RuntimeEvent, type Shortcoming } from '../../../domain/runtime/container-runtime.js';
import { Telemetry } from '../../../domain/telemetry/telemetry.js';
import { RuntimeError } from '../../../domain/runtime/runtime-errors.js';
import { ContainerPlanner } from '../container-planner.js';
import { LifecycleSettings } from '../lifecycle-settings.js';
import { within } from '../within.js';

export interface EngineWatchListener {
  onEvent(event: RuntimeEvent): void;
  /** The engine answers, for the first time or again: everything has to be compared with it. */
  onAvailable(): void;
}

/** Follows the engine's events, and notices when it goes away and comes back. */
@Injectable()
export class EngineWatch {
  private readonly logger = new Logger(EngineWatch.name);
  private failures = 0;
  private watchedSince: Date | null = null;

  constructor(
    private readonly runtime: ContainerRuntime,
    private readonly records: LifecycleRecords,
    private readonly planner: ContainerPlanner,
    private readonly settings: LifecycleSettings,
    private readonly telemetry: Telemetry,
  ) {}

  /** Since when the engine is followed without a gap; what ended before, nobody here has seen end. */
  get since(): Date | null {
    return this.watchedSince;
  }

  /** Watches until the signal ends it. */
  async watch(listener: EngineWatchListener, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const attempt = new AbortController();
      const either = AbortSignal.any([signal, attempt.signal]);
      try {
        await Promise.all([this.follow(listener, either), this.greet(listener)]);
      } catch (error) {
        await this.lost(error, signal);
      } finally {
        attempt.abort();
      }
      await this.pause(signal);
    }
  }

  private async follow(listener: EngineWatchListener, signal: AbortSignal): Promise<void> {
    const installation = await this.planner.installationId();
    for await (const event of this.runtime.events(installation, signal)) listener.onEvent(event);
  }

  /** The stream may be silent for long: whether the engine is there says its answer. */
  private async greet(listener: EngineWatchListener): Promise<void> {
    const asked = this.runtime.info();
    const { name, version, shortcomings } = await within(
      this.settings.callTimeoutMs,
      'Asking the engine for its version',
      asked,
    );
    if (this.watchedSince === null) this.tell(`${name} ${version}`, shortcomings);
    if (this.failures > 0) this.logger.log({ msg: 'the container engine answers again' });
    if (this.failures > 0 || this.watchedSince === null) this.watchedSince = new Date();
    this.failures = 0;
    this.telemetry.engineSeen(true);
    listener.onAvailable();
  }

  /** What somebody may wonder at later. */
  private tell(engine: string, shortcomings: readonly Shortcoming[]): void {
    for (const { feature, isolation = null, effect } of shortcomings) {
      this.logger.log({
        msg: 'the container engine does something less well than others',
        engine,
        feature,
        isolation,
        effect,
      });
    }
  }

  private async lost(error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.failures += 1;
    if (this.failures === 1) this.logger.warn({ msg: "the container engine's events broke off", err: error });
    if (!(error instanceof RuntimeError)) return;
    this.telemetry.engineSeen(false);
    const shown = lifecycleError('RUNTIME_UNAVAILABLE', 'The container engine does not answer.');
    try {
      // Each time anew: work that was in hand may have ended since.
      await this.records.markUnavailable(shown);
    } catch (cause) {
      // Without the mark, ends during the outage count as the agents' own.
      this.logger.error({ msg: 'the engine outage could not be shown', err: cause });
    }
  }

  private async pause(signal: AbortSignal): Promise<void> {
    const { engineRetryMs: baseMs, engineRetryLongestMs: longestMs } = this.settings;
    await sleep(backOffMs(this.failures, { baseMs, longestMs }), undefined, { signal, ref: false }).catch(
      () => undefined,
    );
  }
}
