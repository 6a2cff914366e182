import { statfs } from 'node:fs/promises';
import type Docker from 'dockerode';
import { endingWith } from './ending-with.js';

/** With less than this, what the engine writes for a container does not fit. */
const LEAST_BYTES = 1024 * 1024;
const LEAST_FILES = 64;
const ASK_MS = 2_000;

/** The disk on which an engine of this machine keeps what it has. */
export class EngineDisk {
  private folder: string | null = null;

  constructor(private readonly docker: Docker) {}

  /**
   * An engine tells a full disk as it tells everything else that goes wrong inside it, in words alone: so it is looked at. Never
   * throws; false also where Muster cannot see that disk.
   */
  async isFull(): Promise<boolean> {
    try {
      this.folder ??= await this.ask();
      const { bfree, bsize, files, ffree } = await statfs(this.folder);
      // Some file systems count no files, and say that there are 0.
      return bfree * bsize < LEAST_BYTES || (files > 0 && ffree < LEAST_FILES);
    } catch {
      return false;
    }
  }

  private async ask(): Promise<string> {
    const docker = endingWith(this.docker, AbortSignal.timeout(ASK_MS));
    const { DockerRootDir } = (await docker.info()) as { readonly DockerRootDir: string };
    return DockerRootDir;
  }
}
