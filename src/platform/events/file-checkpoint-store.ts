import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointStore, type Checkpoint } from '../../domain/events/checkpoint.js';
import type { TenantId } from '../../domain/ids.js';
import { hasErrno } from '../has-errno.js';

/** One file of JSON lines for each tenant: `<folder>/<tenant>.jsonl`, mode 0600. Copy it to where Muster cannot write. */
export class FileCheckpointStore extends CheckpointStore {
  constructor(private readonly folder: string) {
    super();
  }

  async append(checkpoint: Checkpoint): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const file = await open(this.pathOf(checkpoint.tenantId), 'a', 0o600);
    try {
      // The line feed before it ends a line that a crash cut short.
      await file.write(`\n${JSON.stringify(checkpoint)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async newest(tenantId: TenantId): Promise<Checkpoint | null> {
    let text: string;
    try {
      text = await readFile(this.pathOf(tenantId), 'utf8');
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return null;
      throw error;
    }
    const whole = text
      .split('\n')
      .map(parsed)
      .filter((line) => line !== null);
    return whole.at(-1) ?? null;
  }

  private pathOf(tenantId: TenantId): string {
    return join(this.folder, `${tenantId}.jsonl`);
  }
}

/** null for an empty line and for one that a crash cut short. */
function parsed(line: string): Checkpoint | null {
  try {
    return JSON.parse(line) as Checkpoint;
  } catch {
    return null;
  }
}
