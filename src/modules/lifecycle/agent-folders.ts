import { Injectable } from '@nestjs/common';
import { lstat, mkdir, opendir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DomainError } from '../../domain/errors/domain-error.js';
import { removeTree } from './remove-tree.js';

/** Others may pass through to what is theirs, and see no names. */
const PASSAGE = 0o711;

/** The folders of agents on Muster's host. The runtime makes the innermost ones, which belong to the agents. */
@Injectable()
export class AgentFolders {
  /** Makes what lies above these folders. @throws DomainError WORKSPACE_UNAVAILABLE */
  async prepare(...folders: readonly string[]): Promise<void> {
    await attempt('prepared', folders, (path) => makeFolders(dirname(path)));
  }

  /**
   * Removes folders with all that is in them; links in them are removed, never followed. Only when no container has
   * them any more. @throws DomainError WORKSPACE_UNAVAILABLE
   */
  async remove(...folders: readonly string[]): Promise<void> {
    await attempt('removed', folders, removeTree);
  }

  /** Is there nothing to lose in it? Nor is there in a folder that is not there; in one that cannot be read there may be. */
  async isEmpty(path: string): Promise<boolean> {
    try {
      const folder = await opendir(path);
      try {
        return (await folder.read()) === null;
      } finally {
        await folder.close();
      }
    } catch (error) {
      return errnoOf(error) === 'ENOENT';
    }
  }

  /** Is there such a folder? @throws DomainError WORKSPACE_UNAVAILABLE */
  async isThere(path: string): Promise<boolean> {
    let isThere = true;
    await attempt('found', [path], async () => {
      isThere = await lstat(path).then(
        (stats) => stats.isDirectory(),
        (error: unknown) => {
          if (errnoOf(error) === 'ENOENT') return false;
          throw error;
        },
      );
    });
    return isThere;
  }

  /** Renames a folder to a place where nothing is, in one step. @throws DomainError WORKSPACE_UNAVAILABLE */
  async move(from: string, to: string): Promise<void> {
    await attempt('moved', [to], () => rename(from, to));
  }

  /**
   * Renames a folder to its new place, in one step, over an empty folder at most. Doing it again does nothing.
   * @returns whether it is there now; false: something else is, or the new place is on another file system
   * @throws DomainError WORKSPACE_UNAVAILABLE
   */
  async handOver(from: string, to: string): Promise<boolean> {
    let isThere = true;
    await attempt('handed over', [to], async () => {
      try {
        await rename(from, to);
      } catch (error) {
        const reason = errnoOf(error) ?? '';
        if (reason === 'ENOENT') isThere = (await lstat(to)).isDirectory();
        else if (['ENOTEMPTY', 'EEXIST', 'EXDEV', 'ENOTDIR'].includes(reason)) isThere = false;
        else throw error;
      }
    });
    return isThere;
  }
}

/** Not by `recursive`, which tells a full disk as ENOENT in Node.js 20. */
async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: PASSAGE });
  } catch (error) {
    const reason = errnoOf(error);
    if (reason === 'EEXIST') return;
    if (reason !== 'ENOENT') throw error;
    await makeFolders(dirname(path));
    await mkdir(path, { mode: PASSAGE }).catch((again: unknown) => {
      if (errnoOf(again) !== 'EEXIST') throw again;
    });
  }
}

const errnoOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

async function attempt(
  done: string,
  folders: readonly string[],
  act: (path: string) => Promise<unknown>,
): Promise<void> {
  await Promise.all(
    folders.map(async (path) => {
      try {
        await act(path);
      } catch (cause) {
        const reason = errnoOf(cause) ?? 'unknown reason';
        const full = reason === 'ENOSPC' || reason === 'EDQUOT' ? ': no space is left' : '';
        // The path is in the cause, for the log alone: it tells of Muster's host, and this is shown to tenants.
        const message = `The agent's folders on Muster's host cannot be ${done}${full} (${reason}). Muster's log names them.`;
        throw new DomainError('WORKSPACE_UNAVAILABLE', message, { cause, details: { reason } });
      }
    }),
  );
}
