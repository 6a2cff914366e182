import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { systemActor } from '../../domain/events/actor.js';
import type { ProjectId } from '../../domain/ids.js';
import type { Project } from '../../domain/projects/project.js';
import { Projects } from '../../domain/projects/projects.repository.js';
import { Removals } from './removals.js';
import { Snapshots } from './snapshots.js';

const PERIOD_MS = 5_000;
const PAGE = 50;

/**
 * Finishes, from state, what a crash left between a project and its agents. Projects say themselves that something is
 * pending, and an index holds only those, so that a look costs the same however many projects there are.
 */
@Injectable()
export class RosterSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(RosterSweeper.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly projects: Projects,
    private readonly snapshots: Snapshots,
    private readonly removals: Removals,
  ) {}

  onApplicationBootstrap(): void {
    this.next(0);
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** Looks at every project in which something is pending. What fails is logged, and tried again by the next sweep. */
  async sweep(): Promise<void> {
    let after: ProjectId | null = null;
    for (;;) {
      const page: readonly Project[] = await this.projects.findPending(after, PAGE);
      for (const project of page) {
        if (this.stopped) return;
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

  private next(delayMs: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.sweep()
        .catch((cause: unknown) => {
          this.logger.error({ msg: 'looking for unfinished projects failed', err: cause });
        })
        .then(() => {
          this.next(PERIOD_MS);
        });
    }, delayMs);
  }
}
