import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { ALL_DUE, DueRecords, DueWork, type DueKind } from '../../domain/lifecycle/due-work.js';
import { LifecycleSettings } from './lifecycle-settings.js';

const NOTHING: ReadonlySet<DueKind> = new Set();

/** One look for all who wait, in one turn of the event loop; none while nobody waits. */
@Injectable()
export class DueWatch extends DueWork {
  private readonly logger = new Logger(DueWatch.name);
  private coming: Promise<ReadonlySet<DueKind>> | null = null;
  private waiting = 0;

  constructor(
    private readonly records: DueRecords,
    private readonly settings: LifecycleSettings,
  ) {
    super();
  }

  async next(signal: AbortSignal): Promise<ReadonlySet<DueKind>> {
    if (signal.aborted) return ALL_DUE;
    this.waiting += 1;
    let stop = (): void => undefined;
    const aborted = new Promise<ReadonlySet<DueKind>>((resolve) => {
      stop = () => {
        resolve(ALL_DUE);
      };
    });
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await Promise.race([aborted, (this.coming ??= this.look())]);
    } finally {
      signal.removeEventListener('abort', stop);
      this.waiting -= 1;
    }
  }

  private async look(): Promise<ReadonlySet<DueKind>> {
    await sleep(this.settings.pollMs, undefined, { ref: false });
    try {
      return this.waiting === 0 ? NOTHING : await this.records.kinds();
    } catch (error) {
      if (this.waiting > 0) this.logger.warn({ msg: 'looking for what is due failed; it is tried again', err: error });
      return NOTHING;
    } finally {
      this.coming = null;
    }
  }
}
