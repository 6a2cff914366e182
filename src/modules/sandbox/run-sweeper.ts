import { Injectable } from '@nestjs/common';
import type { AgentInstanceId, RunId } from '../../domain/ids.js';
import { AgentRuns } from '../../domain/lifecycle/agent-runs.js';
import { NO_RESULT, RunRecords } from '../../domain/runs/run-records.js';
import type { Run } from '../../domain/runs/run.js';
import { isEngineAway } from '../../domain/runtime/runtime-errors.js';
import { Sweeper } from '../../platform/sweeper.js';
import { OpenRuns } from './open-runs.js';
import { SandboxService } from './sandbox.service.js';
import { SandboxSettings } from './sandbox-settings.js';

const BATCH = 100;

/** Ends what a dead process left: its open runs are lost, and the agents they were on are free again. */
@Injectable()
export class RunSweeper extends Sweeper {
  constructor(
    private readonly runs: RunRecords,
    private readonly agentRuns: AgentRuns,
    private readonly sandbox: SandboxService,
    private readonly open: OpenRuns,
    private readonly settings: SandboxSettings,
  ) {
    super('runs', { everyMs: settings.sweepEveryMs });
  }

  async sweep(): Promise<void> {
    await this.endLostRuns();
    await this.freeAgents();
  }

  private async endLostRuns(): Promise<void> {
    for (const run of await this.runs.findLost(BATCH)) {
      // It could not say so for a while, no more.
      if (this.open.owns(run.id)) continue;
      if (!(await this.isLeftClean(run))) continue;
      const message =
        'The Muster process that waited for the answer is gone, or could not write it down. Send the run again.';
      await this.sandbox.end(run, { ...NO_RESULT, status: 'failed', error: { code: 'RUN_LOST', message } });
    }
  }

  /** Ends what is left of a run in its agent. false: the engine is away; the run stays open until that can be done. */
  private async isLeftClean(run: Run): Promise<boolean> {
    try {
      await this.sandbox.abandon(run);
      return true;
    } catch (error) {
      this.logger.warn({ msg: 'processes of a lost run could not be ended', run: run.id, err: error });
      return !isEngineAway(error);
    }
  }

  /** Runs that an agent is said to work on though they have ended, or never came to be. */
  private async freeAgents(): Promise<void> {
    let after: AgentInstanceId | null = null;
    for (;;) {
      const found = await this.agentRuns.findBusy(after, BATCH);
      for (const { id, tenantId, openRuns } of found) {
        const old = openRuns.filter((run) => Date.now() - madeAt(run) > this.settings.strayAfterMs);
        const stillOpen = old.length === 0 ? new Set<RunId>() : await this.runs.openAmong(tenantId, old);
        for (const run of old) if (!stillOpen.has(run)) await this.agentRuns.end(id, run);
      }
      const last = found.at(-1);
      if (last === undefined || found.length < BATCH) return;
      after = last.id;
    }
  }
}

/** An id begins with the second it was made in. */
const madeAt = (id: RunId): number => Number.parseInt(id.slice(0, 8), 16) * 1000;
