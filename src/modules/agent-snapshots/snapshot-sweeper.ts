import { Injectable } from '@nestjs/common';
import { AgentSnapshots } from '../../domain/agent-snapshots/agent-snapshots.repository.js';
import { Sweeper } from '../../platform/sweeper.js';
import { LOST, SnapshotMaking } from './snapshot-making.js';
import { SnapshotLeftovers } from './snapshot-leftovers.js';
import { SnapshotSettings } from './snapshot-settings.js';

const BATCH = 50;

/** Ends what a dead process left pending, and removes what failed and deleted snapshots have left. */
@Injectable()
export class SnapshotSweeper extends Sweeper {
  constructor(
    private readonly snapshots: AgentSnapshots,
    private readonly making: SnapshotMaking,
    private readonly leftovers: SnapshotLeftovers,
    private readonly settings: SnapshotSettings,
  ) {
    super('snapshots', { everyMs: settings.sweepEveryMs });
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
}
