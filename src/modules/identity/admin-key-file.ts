import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrno } from '../../platform/has-errno.js';

/** DATA_DIR/admin.key: where the first admin key is written when nobody chose one. Mode 0600. */
export class AdminKeyFile {
  readonly path: string;

  constructor(private readonly dataDir: string) {
    this.path = join(dataDir, 'admin.key');
  }

  /** The key in the file; null when there is none. */
  async read(): Promise<string | null> {
    try {
      return (await readFile(this.path, 'utf8')).trim();
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return null;
      throw error;
    }
  }

  /** Writes the key, whole or not at all, unless a file is there. @returns the key that is in the file */
  async writeOnce(key: string): Promise<string> {
    await mkdir(this.dataDir, { recursive: true });
    const half = `${this.path}.${randomBytes(6).toString('hex')}`;
    await writeFile(half, `${key}\n`, { mode: 0o600, flush: true });
    try {
      await link(half, this.path);
      return key;
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
      return (await this.read()) ?? key;
    } finally {
      await rm(half, { force: true });
    }
  }

  async replace(key: string): Promise<void> {
    await this.remove();
    await this.writeOnce(key);
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }
}
