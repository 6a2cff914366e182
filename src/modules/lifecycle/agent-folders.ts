import { Injectable } from '@nestjs/common';
import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DomainError } from '../../domain/errors/domain-error.js';

/** Others may pass through to what is theirs, and see no names. */
const PASSAGE = 0o711;

/** The folders of agents on Muster's host. The runtime makes the innermost ones, which belong to the agents. */
@Injectable()
export class AgentFolders {
  /** Makes what lies above these folders. @throws DomainError WORKSPACE_UNAVAILABLE */
  async prepare(...folders: readonly string[]): Promise<void> {
    await attempt('prepared', folders, (path) => mkdir(dirname(path), { recursive: true, mode: PASSAGE }));
  }

  /**
   * Removes folders with all that is in them; links in them are removed, never followed. Only when no container has
   * them any more. @throws DomainError WORKSPACE_UNAVAILABLE
   */
  async remove(...folders: readonly string[]): Promise<void> {
    await attempt('removed', folders, (path) => rm(path, { recursive: true, force: true }));
  }
}

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
        const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
        throw new DomainError('WORKSPACE_UNAVAILABLE', `The folder ${path} cannot be ${done} (${reason}).`, {
          cause,
          details: { reason },
        });
      }
    }),
  );
}
