import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';

export interface SweeperTimes {
  /** From the end of a sweep to the beginning of the next, in milliseconds. */
  readonly everyMs: number;
  /** Until the first, in milliseconds. @default everyMs */
  readonly firstAfterMs?: number;
}

/**
 * Puts right, from state and again and again, what a crash has left. One sweep after the other, however long it takes: the next one would
 * only get in its way. One that fails is told, and the next tries again.
 */
export abstract class Sweeper implements OnApplicationBootstrap, OnModuleDestroy {
  protected readonly logger: Logger;
  private readonly stop = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  /** @param what it looks after, as its warnings call it */
  protected constructor(
    private readonly what: string,
    private readonly times: SweeperTimes,
  ) {
    this.logger = new Logger(new.target.name);
  }

  /** Aborted when Muster ends: a long sweep ends early then. */
  protected get stopping(): AbortSignal {
    return this.stop.signal;
  }

  abstract sweep(): Promise<void>;

  onApplicationBootstrap(): void {
    this.next(this.times.firstAfterMs ?? this.times.everyMs);
  }

  async onModuleDestroy(): Promise<void> {
    this.stop.abort();
    clearTimeout(this.timer);
    await this.running;
  }

  private next(inMs: number): void {
    if (this.stopping.aborted) return;
    this.timer = setTimeout(() => {
      this.running = this.attempt();
    }, inMs).unref();
  }

  private async attempt(): Promise<void> {
    try {
      await this.sweep();
    } catch (error) {
      this.logger.warn({ msg: `sweeping ${this.what} failed; it is tried again`, err: error });
    }
    this.next(this.times.everyMs);
  }
}
