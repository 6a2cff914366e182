import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecSpec } from '../../domain/runtime/exec-session.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { DockerExecSession } from './docker-exec-session.js';
import type { EngineClient } from './engine-client.js';
import { ignoring } from './engine-error.js';
import { execMark, execProgram, KILLER, SHELL } from './exec-scripts.js';

/** Where the limit of processes is reached, the one that is to end others may have to wait for room. */
const KILL_ATTEMPTS = 5;
const KILL_RETRY_MS = 500;
/** What the killer itself may take: a second for those that end by themselves, and as much again. */
const KILL_TIME_MS = 15_000;

interface Start {
  readonly Cmd: string[];
  readonly Env: string[];
  readonly Tty: boolean;
}

/**
 * Where it throws, what it may have started is ended, unless the engine is away still.
 * @throws RuntimeError not-found when the container does not run, stop-failed when what was started could not be ended
 */
export async function startEngineExec(
  engine: EngineClient,
  container: string,
  spec: ExecSpec,
): Promise<DockerExecSession> {
  const { command, env } = execProgram(spec);
  const program = {
    Cmd: [...command],
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    Tty: spec.terminal !== null,
  };
  let session: DockerExecSession | null = null;
  try {
    session = await start(engine, container, program);
    if (spec.terminal !== null) await session.resize(spec.terminal);
    return session;
  } catch (error) {
    session?.close();
    if (session !== null || isUncertain(error)) await endStarted(engine, container, spec.id);
    throw error;
  }
}

/** The engine may have heard it, and was not heard. */
const isUncertain = (error: unknown): boolean =>
  error instanceof RuntimeError && ['timeout', 'unavailable'].includes(error.failure);

/** Once: an engine that is away still is what the caller has to hear of. */
async function endStarted(engine: EngineClient, container: string, id: string): Promise<void> {
  try {
    await endEngineExec(engine, container, id, 1);
  } catch (error) {
    if (!isUncertain(error)) throw error;
  }
}

/**
 * Engines cannot end an exec. So another one looks for its processes from inside, where their ids mean the same wherever
 * the engine is, and as the agent's user, who may signal nothing else.
 * @throws RuntimeError stop-failed
 */
export async function endEngineExec(
  engine: EngineClient,
  container: string,
  id: string,
  attempts = KILL_ATTEMPTS,
): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (attempt > 0) await sleep(KILL_RETRY_MS);
    try {
      if (await kill(engine, container, id)) return;
    } catch (error) {
      if (error instanceof RuntimeError && error.failure === 'not-found') return;
      if (attempt === attempts - 1) throw error;
    }
  }
  throw new RuntimeError('stop-failed', `In container ${container} a program could not be ended; restart the agent.`);
}

async function kill(engine: EngineClient, container: string, id: string): Promise<boolean> {
  const command = [SHELL, '-c', KILLER, 'muster-end', execMark(id)];
  const session = await start(engine, container, { Cmd: command, Env: [], Tty: false });
  const timer = setTimeout(() => {
    session.close();
  }, KILL_TIME_MS);
  try {
    session.endInput();
    const output = session.output[Symbol.asyncIterator]();
    while ((await output.next()).done !== true);
    return (await session.exitCode()) === 0;
  } finally {
    clearTimeout(timer);
    session.close();
  }
}

async function start(engine: EngineClient, container: string, options: Start): Promise<DockerExecSession> {
  try {
    return await engine.call({
      what: `start a program in container ${container}`,
      run: async (docker) => {
        const attached = { AttachStdin: true, AttachStdout: true, AttachStderr: true, ...options };
        const exec = await docker.getContainer(container).exec(attached);
        const socket = await exec.start({ hijack: true, stdin: true, Tty: options.Tty });
        return new DockerExecSession(engine, exec.id, socket, options.Tty);
      },
      meaning: { 409: 'not-found' },
    });
  } catch (cause) {
    // Not every engine has a status of its own for a container that does not run.
    const refused = cause instanceof RuntimeError && cause.failure === 'refused';
    if (!refused || (await runs(engine, container))) throw cause;
    throw new RuntimeError('not-found', `Container ${container} does not run.`, { cause });
  }
}

async function runs(engine: EngineClient, container: string): Promise<boolean> {
  const info = await engine.call({
    what: `look at container ${container}`,
    run: (docker) => docker.getContainer(container).inspect().catch(ignoring(404)),
  });
  return info ? info.State.Running : false;
}
