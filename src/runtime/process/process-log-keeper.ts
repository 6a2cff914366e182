import { isLogFull, rotateLog } from './process-log-file.js';
import type { ProcessRecords } from './process-records.js';

const ROTATE_EVERY_MS = 5000;

/** Rotates the logs of all containers now and then, of those that another Muster process started too. */
export class ProcessLogKeeper {
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly records: ProcessRecords,
    /** Of one container's log, before it is rotated. */
    readonly maxLogBytes: number,
  ) {}

  /** From now on; doing it again does nothing. It keeps no process from ending. */
  begin(): void {
    this.timer ??= setInterval(() => void this.rotate(), ROTATE_EVERY_MS).unref();
  }

  private async rotate(): Promise<void> {
    for (const { id } of await this.records.list()) {
      const folder = this.records.folderOf(id);
      if (!(await isLogFull(folder, this.maxLogBytes))) continue;
      // One that another process rotates right now, or that is being removed, needs no more.
      await this.records.exclusively(id, 'rotate', () => rotateLog(folder)).catch(() => undefined);
    }
  }
}
