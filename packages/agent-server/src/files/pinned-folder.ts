import { constants, type BigIntStats, type Dirent } from 'node:fs';
import { chmod, lstat, open, opendir, readlink, type FileHandle } from 'node:fs/promises';
import type { ByteName } from './byte-name.js';

const AS_FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * A folder held open. What is done in it is done by way of the handle (`/proc/self/fd/N/name`), so that whoever renames it,
 * or puts a link in its place, meanwhile, changes nothing. Links are never followed.
 */
export class PinnedFolder {
  private constructor(private readonly handle: FileHandle) {}

  static async open(path: string | Buffer): Promise<PinnedFolder> {
    return new PinnedFolder(await open(path, AS_FOLDER));
  }

  /** The folder itself. Links are followed in this one, because the root is Muster's to say. */
  static async openRoot(path: string): Promise<PinnedFolder> {
    return new PinnedFolder(await open(path, constants.O_RDONLY | constants.O_DIRECTORY));
  }

  /** Where a name in it is, for one call to the file system; none means the folder itself. */
  at(name?: ByteName): Buffer {
    const self = `/proc/self/fd/${this.handle.fd}`;
    return Buffer.from(name === undefined ? `${self}/` : `${self}/${name}`, 'latin1');
  }

  async folder(name: ByteName): Promise<PinnedFolder> {
    return PinnedFolder.open(this.at(name));
  }

  async file(name: ByteName, flags: number, mode?: number): Promise<FileHandle> {
    return open(this.at(name), flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, mode);
  }

  async look(name: ByteName): Promise<BigIntStats> {
    return lstat(this.at(name), { bigint: true });
  }

  /** Only for what nobody else can have put there: a mode is set on what a link leads to. */
  async setMode(name: ByteName, mode: number): Promise<void> {
    await chmod(this.at(name), mode);
  }

  async target(name: ByteName): Promise<ByteName> {
    return readlink(this.at(name), 'latin1');
  }

  /** Its names in the order the file system has them, a batch in memory at a time. */
  async *names(): AsyncGenerator<ByteName> {
    const folder = await opendir(this.at(), { encoding: 'latin1' as BufferEncoding, bufferSize: 256 });
    for await (const entry of folder as AsyncIterable<Dirent>) yield entry.name;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
