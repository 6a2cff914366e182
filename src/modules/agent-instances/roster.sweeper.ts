import { Injectable } from '@nestjs/common';
import { systemActor } from '../../domain/events/actor.js';
import type { ProjectId } from '../../domain/ids.js';
import type { Project } from '../../domain/projects/project.js';
import { Projects } from '../../domain/projects/projects.repository.js';
import { Sweeper } from '../../platform/sweeper.js';
import { Removals } from './removals.js';
import { Snapshots } from './snapshots.js';

const PERIOD_MS = 5_000;
const PAGE = 50;

/**
 * Finishes, from state, what a crash left between a project and its agents. Projects say themselves that something is
 * pending, and an index holds only those, so that a look costs the same however many projects there are.
 */
@Injectable()
export class RosterSweeper extends Sweeper {
  constructor(
    private readonly projects: Projects,
    private readonly snapshots: Snapshots,
    private readonly removals: Removals,
  ) {
    super('unfinished projects', { everyMs: PERIOD_MS, firstAfterMs: 0 });
  }

  /** Looks at every project in which something is pending. What fails is logged, and tried again by the next sweep. */
  async sweep(): Promise<void> {
    let after: ProjectId | null = null;
    for (;;) {
      const page: readonly Project[] = await this.projects.findPending(after, PAGE);
      for (const project of page) {
        if (this.stopping.aborted) return;
        await this.finish(project);
      }
      after = page.at(-1)?.id ?? null;
      if (page.length < PAGE) return;
    }
  }

  private async finish(project: Project): Promise<void> {
    try {
      await this.snapshots.complete(project, project.pendingSnapshots);
      await this.removals.complete(project, systemActor('roster-sweeper'));
    } catch (cause) {
      this.logger.error({ msg: 'the agents of a project are not as assigned', projectId: project.id, err: cause });
    }
  }
}
