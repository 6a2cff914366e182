import { execFile } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const shell = promisify(execFile);

/** Why none can be had here; null when it can. */
export const cannotMount = process.getuid?.() === 0 ? null : 'SKIPPED, a full disk is mounted by root only';

/** A disk in memory that a test can fill to the last byte and file, and make room on. Mounted by root only. */
export class SmallDisk {
  private constructor(
    readonly path: string,
    private readonly size: string,
  ) {}

  /** @param size as mount takes it */
  static async mount(path: string, size: string): Promise<SmallDisk> {
    await mkdir(path, { recursive: true });
    await shell('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
    return new SmallDisk(path, size);
  }

  /** Not a byte more, and not a file. */
  async fill(): Promise<void> {
    const { bfree, bsize } = await statfs(this.path);
    await writeFile(this.filler, Buffer.alloc(bfree * bsize));
    const { files, ffree } = await statfs(this.path);
    await shell('mount', ['-o', `remount,size=${this.size},nr_inodes=${files - ffree}`, this.path]);
  }

  async makeRoom(): Promise<void> {
    await shell('mount', ['-o', `remount,size=${this.size},nr_inodes=1000000`, this.path]);
    await rm(this.filler);
  }

  /** With what somebody has mounted on it. */
  async unmount(): Promise<void> {
    await shell('umount', ['--recursive', this.path]);
  }

  private get filler(): string {
    return join(this.path, 'filler');
  }
}
