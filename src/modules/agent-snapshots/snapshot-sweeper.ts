import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { AgentSnapshots } from '../../domain/agent-snapshots/agent-snapshots.repository.js';
import { LOST, SnapshotMaking } from './snapshot-making.js';
import { SnapshotLeftovers } from './snapshot-leftovers.js';
import { SnapshotSettings } from './snapshot-settings.js';

const BATCH = 50;

/** Ends what a dead process left pending, and removes what failed and deleted snapshots have left. */
@Injectable()
export class SnapshotSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(SnapshotSweeper.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly snapshots: AgentSnapshots,
    private readonly making: SnapshotMaking,
    private readonly leftovers: SnapshotLeftovers,
    private readonly settings: SnapshotSettings,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running = this.running.then(() => this.attempt());
    }, this.settings.sweepEveryMs).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  async sweep(): Promise<void> {
    for (const snapshot of await this.snapshots.findLost(BATCH)) await this.making.fail(snapshot, LOST);
    for (const snapshot of await this.snapshots.findUncleared(BATCH)) {
      try {
        await this.leftovers.clear(snapshot);
      } catch (error) {
        this.logger.warn({
          msg: 'something of a snapshot is left; it is tried again',
          snapshot: snapshot.id,
          err: error,
        });
      }
    }
  }

  private async attempt(): Promise<void> {
    try {
      await this.sweep();
    } catch (error) {
      this.logger.warn({ msg: 'sweeping snapshots failed; it is tried again', err: error });
    }
  }
}
