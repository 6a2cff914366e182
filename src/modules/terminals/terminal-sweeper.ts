import { Injectable } from '@nestjs/common';
import { systemActor } from '../../domain/events/actor.js';
import { LifecycleRecords } from '../../domain/lifecycle/lifecycle-records.js';
import { replicaView } from '../../domain/lifecycle/replicas.js';
import { ContainerRuntime } from '../../domain/runtime/container-runtime.js';
import { isEngineAway } from '../../domain/runtime/runtime-errors.js';
import { TerminalRecords } from '../../domain/terminals/terminal-records.js';
import type { Terminal } from '../../domain/terminals/terminal.js';
import { Sweeper } from '../../platform/sweeper.js';
import { OpenTerminals } from './open-terminals.js';
import { TerminalSettings } from './terminal-settings.js';
import { TerminalsService } from './terminals.service.js';

const BATCH = 100;
const MUSTER = systemActor('terminals');

/** Ends what a dead process left: its terminals, and their processes in containers; and forgets what nobody connected to. */
@Injectable()
export class TerminalSweeper extends Sweeper {
  constructor(
    private readonly records: TerminalRecords,
    private readonly instances: LifecycleRecords,
    private readonly terminals: TerminalsService,
    private readonly open: OpenTerminals,
    private readonly runtime: ContainerRuntime,
    private readonly settings: TerminalSettings,
  ) {
    super('terminals', { everyMs: settings.sweepEveryMs });
  }

  async sweep(): Promise<void> {
    await this.records.discardStale(this.settings.waitMs);
    for (const terminal of await this.records.findLost(BATCH)) {
      // It could not say so for a while, no more.
      if (this.open.owns(terminal.id)) continue;
      if (!(await this.isLeftClean(terminal))) continue;
      await this.terminals.end(terminal, { end: 'lost', exitCode: null }, MUSTER);
    }
  }

  /** false: the engine is away; the terminal stays open on record until its processes can be ended. */
  private async isLeftClean({ id, instanceId, replica }: Terminal): Promise<boolean> {
    try {
      const instance = await this.instances.find(instanceId);
      const containerId = instance === null ? null : replicaView(instance, replica).lifecycle.containerId;
      if (containerId !== null) await this.runtime.endExec(containerId, id);
      return true;
    } catch (error) {
      this.logger.warn({ msg: 'processes of a lost terminal could not be ended', terminal: id, err: error });
      return !isEngineAway(error);
    }
  }
}
