import { Injectable, Logger } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { WORKSPACE_FOLDER } from '../../domain/lifecycle/container-program.js';
import { ContainerRuntime, type ContainerAddress } from '../../domain/runtime/container-runtime.js';
import type { ExecSession } from '../../domain/runtime/exec-session.js';

/** Programs that Muster itself starts in an agent's container: they get so long, and what they write is thrown away. */
@Injectable()
export class BoundedExec {
  private readonly logger = new Logger(BoundedExec.name);

  constructor(private readonly runtime: ContainerRuntime) {}

  /**
   * @returns the exit code; null when it did not end before the signal, and was ended
   * @throws RuntimeError not-found when the container is gone or does not run, unavailable, unsupported
   */
  async run(container: ContainerAddress, command: readonly string[], signal: AbortSignal): Promise<number | null> {
    if (signal.aborted) return null;
    const id = randomBytes(12).toString('hex');
    const spec = { id, command, env: {}, cwd: WORKSPACE_FOLDER, terminal: null };
    const session = await this.runtime.exec(container, spec);
    const endings: Promise<void>[] = [];
    const end = (): void => {
      endings.push(this.end(container.id, id, session));
    };
    signal.addEventListener('abort', end, { once: true });
    try {
      if (aborted(signal)) end();
      session.endInput();
      await drained(session, signal);
      return aborted(signal) ? null : await session.exitCode();
    } finally {
      signal.removeEventListener('abort', end);
      await Promise.all(endings);
      session.close();
    }
  }

  private async end(containerId: string, id: string, session: ExecSession): Promise<void> {
    try {
      await this.runtime.endExec(containerId, id);
    } catch (error) {
      this.logger.warn({ msg: 'a program that took too long could not be ended', container: containerId, err: error });
    } finally {
      session.close();
    }
  }
}

/** It may have changed while something was awaited, which the compiler does not expect of it. */
const aborted = (signal: AbortSignal): boolean => signal.aborted;

/** Reads to the end. That the connection breaks when the program is ended is no failure. */
async function drained(session: ExecSession, signal: AbortSignal): Promise<void> {
  try {
    const output = session.output[Symbol.asyncIterator]();
    while ((await output.next()).done !== true);
  } catch (error) {
    if (!aborted(signal)) throw error;
  }
}
