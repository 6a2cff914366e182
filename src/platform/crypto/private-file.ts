import { randomBytes } from 'node:crypto';
import { link, open, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DomainError } from '../../domain/errors/domain-error.js';
import { requireFolder } from '../config/require-folder.js';
import { hasErrno } from '../has-errno.js';

const OTHERS = 0o077;

/** A file with a key in it, which nobody but Muster may read. */
export class PrivateFile {
  constructor(
    /** The variable that says where it is. */
    private readonly variable: string,
    /** What it holds, as in "the signing key". */
    private readonly what: string,
    readonly path: string,
  ) {}

  /** Its text; null when there is no such file. @throws DomainError CONFIGURATION_INVALID when others can read it */
  async read(): Promise<string | null> {
    let file;
    try {
      file = await open(this.path, 'r');
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return null;
      throw this.refused('it cannot be read', error);
    }
    try {
      const { mode } = await file.stat();
      if ((mode & OTHERS) !== 0) {
        const octal = (mode & 0o777).toString(8).padStart(4, '0');
        throw this.refused(`its mode is ${octal}: others can use it; make it 0600`);
      }
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  }

  /** Makes it with this text, unless somebody else just did: then theirs. @throws DomainError CONFIGURATION_INVALID */
  async make(text: string): Promise<string> {
    await requireFolder(this.variable, dirname(this.path));
    const half = `${this.path}.${randomBytes(6).toString('hex')}`;
    await writeFile(half, text, { mode: 0o600, flush: true });
    try {
      // Unlike rename, link never replaces: who comes second takes the first one's key.
      await link(half, this.path);
      return text;
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
      const winner = await this.read();
      if (winner === null) throw this.refused('it disappeared while it was read', error);
      return winner;
    } finally {
      await rm(half, { force: true });
    }
  }

  refused(fault: string, cause?: unknown): DomainError {
    return new DomainError('CONFIGURATION_INVALID', `The ${this.what} ${this.path} cannot be used.`, {
      faults: [{ pointer: this.variable, detail: fault }],
      cause,
    });
  }
}
