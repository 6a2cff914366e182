import { watch } from 'node:fs';
import type { AgentConnection } from '../../domain/runtime/agent-connection.js';
import type { Answered, ContainerAddress, ContainerRuntime } from '../../domain/runtime/container-runtime.js';
import { endOf } from '../../domain/runtime/container-ends.js';
import { AgentUnreachableError } from '../../domain/runtime/runtime-errors.js';

/** A look costs some microseconds while there is no socket. */
const LOOK_EVERY_MS = 10;
/** How often to ask whether there is still somebody to wait for. */
const INSPECT_EVERY_MS = 200;
/** From then on it is no ordinary start: looks are rarer, so that any number of agents that never answer cost little. */
const PATIENCE_MS = 3000;
const RARELY = 10;

/**
 * Waits for an agent-server's first answer. The folder is watched, so that the socket is seen the moment it appears; the
 * looks in between cover the moment from its appearing to its listening, and folders that cannot be watched.
 *
 * @throws ContainerExitedError, CompanionExitedError when one ends before, AgentSocketUnsafeError, the signal's reason
 */
export async function waitForAnswer<T>(
  runtime: Pick<ContainerRuntime, 'connect' | 'inspect'>,
  container: ContainerAddress,
  signal: AbortSignal,
  ask: (connection: AgentConnection) => Promise<T>,
): Promise<Answered<T>> {
  const folder = watchFolder(container.privateFolder);
  const patientFrom = performance.now() + PATIENCE_MS;
  const rarely = (): number => (performance.now() > patientFrom ? RARELY : 1);
  let inspectAt = performance.now() + INSPECT_EVERY_MS;
  try {
    for (;;) {
      signal.throwIfAborted();
      const agent = await firstAnswer(runtime, container, ask);
      if (agent !== null) return agent;
      // An agent that changes its folder all the time would have Muster look all the time.
      if (rarely() > 1) folder.close();
      await folder.changed(LOOK_EVERY_MS * rarely(), signal);
      if (performance.now() < inspectAt) continue;
      await assertRunning(runtime, container.id);
      inspectAt = performance.now() + INSPECT_EVERY_MS * rarely();
    }
  } finally {
    folder.close();
  }
}

async function firstAnswer<T>(
  runtime: Pick<ContainerRuntime, 'connect'>,
  container: ContainerAddress,
  ask: (connection: AgentConnection) => Promise<T>,
): Promise<Answered<T> | null> {
  try {
    const connection = await runtime.connect(container);
    try {
      return { connection, answer: await ask(connection) };
    } catch (error) {
      connection.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof AgentUnreachableError) return null;
    throw error;
  }
}

async function assertRunning(runtime: Pick<ContainerRuntime, 'inspect'>, id: string): Promise<void> {
  const end = endOf(id, await runtime.inspect(id));
  if (end !== null) throw end;
}

interface WatchedFolder {
  /** Resolves when something changed in it, after `ms`, or when the signal is aborted. */
  changed(ms: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

function watchFolder(path: string): WatchedFolder {
  let wake = (): void => undefined;
  let changedMeanwhile = false;
  let close = (): void => undefined;
  try {
    const watcher = watch(path, () => {
      changedMeanwhile = true;
      wake();
    });
    watcher.on('error', () => undefined);
    close = () => {
      watcher.close();
    };
  } catch {
    // Out of watches, or the folder is on another host: looking again and again does it too.
  }
  return {
    changed: (ms, signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          changedMeanwhile = false;
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal.addEventListener('abort', done, { once: true });
        wake = done;
        if (changedMeanwhile || signal.aborted) done();
      }),
    close,
  };
}
