import { Injectable, Logger } from '@nestjs/common';

/** How long a request waits for its agents to be created or asked to go. In milliseconds. */
export const ROSTER_WAIT_MS = 10_000;

/** Waits, within a limit, for what listeners do. What they leave undone is finished by RosterSweeper. */
@Injectable()
export class RosterWait {
  private readonly logger = new Logger(RosterWait.name);

  /** Whether the work was done in time. A failure is logged, and counts as not done. */
  async for(work: Promise<unknown>, limitMs = ROSTER_WAIT_MS): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, limitMs, false);
    });
    const done = work.then(
      () => true,
      (cause: unknown) => {
        this.logger.error({ msg: 'the agents of a project are not as assigned yet; the sweep goes on', err: cause });
        return false;
      },
    );
    try {
      return await Promise.race([done, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
