import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { backOffMs } from '../../../domain/lifecycle/restart-policy.js';
import { PoolDemands } from '../../../domain/pool/pool-demands.repository.js';
import { ContainerRuntime } from '../../../domain/runtime/container-runtime.js';
import { newOwner } from '../../../platform/leases/new-owner.js';
import { PoolDemandNotes } from './pool-demand-notes.js';
import { PoolRound } from './pool-round.js';
import { PoolSettings } from './pool-settings.js';

const NO_POOL = new PoolSettings({ size: 0 });

/**
 * Keeps the pool as it should be, in the background: one Muster of all that share a database does, the one that has the
 * lead. It works from state, so whoever takes the lead over goes on.
 */
@Injectable()
export class PoolFiller implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(PoolFiller.name);
  private readonly owner = newOwner();
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  /** Aborted by a use, which asks for a look as soon as there is quiet. */
  private used = new AbortController();
  private failures = 0;

  constructor(
    private readonly demands: PoolDemands,
    private readonly notes: PoolDemandNotes,
    private readonly runtime: ContainerRuntime,
    private readonly round: PoolRound,
    private readonly settings: PoolSettings,
  ) {}

  onApplicationBootstrap(): void {
    this.notes.onNote(() => {
      this.used.abort();
    });
    this.running = this.run(this.stopping.signal);
  }

  /** What is ready stays for the next Muster; what is in the making goes. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let more = false;
      try {
        more = await this.lookAfter(signal);
        if (this.failures > 0) this.logger.log({ msg: 'the warm pool is looked after again' });
        this.failures = 0;
      } catch (error) {
        this.failed(error, signal);
      }
      if (!more) await this.rest(signal);
    }
    await this.demands.releaseLead(this.owner).catch((error: unknown) => {
      this.logger.warn({ msg: "the warm pool's lead could not be given back; it ends by itself", err: error });
    });
  }

  /** @returns whether there is more to do */
  private async lookAfter(signal: AbortSignal): Promise<boolean> {
    await this.becomeQuiet(signal);
    this.used = new AbortController();
    await this.notes.flush();
    if (!(await this.demands.takeLead(this.owner, this.settings.leadMs))) return false;
    const renewing = setInterval(() => void this.keepLead(), this.settings.renewLeadEveryMs);
    try {
      return await this.round.run((await this.mayFill()) ? this.settings : NO_POOL, this.owner, signal);
    } finally {
      clearInterval(renewing);
    }
  }

  /** Without a pool to fill the engine need not be asked whether it could. */
  private async mayFill(): Promise<boolean> {
    return this.settings.size > 0 && (await this.runtime.canHandOver());
  }

  private async keepLead(): Promise<void> {
    // Lost or not: what another filler thinks of what is in the making, its document says.
    await this.demands.takeLead(this.owner, this.settings.leadMs).catch(() => false);
  }

  /** Starts come first. */
  private async becomeQuiet(signal: AbortSignal): Promise<void> {
    const until = performance.now() + this.settings.longestQuietMs;
    for (;;) {
      const left = Math.min(this.settings.quietMs - this.notes.quietForMs(), until - performance.now());
      if (left <= 0 || signal.aborted) return;
      await sleep(left, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  private failed(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.failures += 1;
    if (this.failures === 1) {
      this.logger.warn({ msg: 'the warm pool cannot be looked after; it is tried again', err: error });
    }
  }

  private async rest(signal: AbortSignal): Promise<void> {
    const { size, lookMs, rareLookMs, retryMs: baseMs, retryLongestMs: longestMs } = this.settings;
    const usualMs = size > 0 ? lookMs : rareLookMs;
    // A use does not heal what failed.
    const isWell = this.failures === 0;
    const ms = isWell ? usualMs : Math.max(usualMs, backOffMs(this.failures, { baseMs, longestMs }));
    const either = isWell ? AbortSignal.any([signal, this.used.signal]) : signal;
    await sleep(ms, undefined, { signal: either, ref: false }).catch(() => undefined);
  }
}
