import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Projects, type PendingDone } from '../../domain/projects/projects.repository.js';

/** How long marks are gathered before they are written together. In milliseconds. */
const WINDOW_MS = 50;

/**
 * Takes the "pending" marks off projects whose snapshots exist. Nobody waits for it: a mark that stays costs the sweep
 * one look, so many projects are written together, after their requests were answered.
 */
@Injectable()
export class SettledSnapshots implements OnModuleDestroy {
  private readonly logger = new Logger(SettledSnapshots.name);
  private gathered: PendingDone[] = [];
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly projects: Projects) {}

  note(done: PendingDone): void {
    this.gathered.push(done);
    this.timer ??= setTimeout(() => {
      void this.flush();
    }, WINDOW_MS);
  }

  /** Writes what is gathered; resolves when it is written, or has failed and been logged. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const done = this.gathered;
    this.gathered = [];
    if (done.length > 0) {
      this.writing = this.writing
        .then(() => this.projects.snapshotsExist(done))
        .catch((cause: unknown) => {
          this.logger.warn({ msg: 'marks of finished snapshots stay; the sweep takes them off', err: cause });
        });
    }
    await this.writing;
  }

  async onModuleDestroy(): Promise<void> {
    await this.flush();
  }
}
