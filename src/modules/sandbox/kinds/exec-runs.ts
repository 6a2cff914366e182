import { Injectable, Logger } from '@nestjs/common';
import type { ManagedInstance } from '../../../domain/lifecycle/managed-instance.js';
import { replicaView } from '../../../domain/lifecycle/replicas.js';
import { AgentNotRunningError } from '../../../domain/runs/agent-not-running.error.js';
import type { RunResult } from '../../../domain/runs/run-records.js';
import type { ExecRunRequest } from '../../../domain/runs/run-request.js';
import type { Run } from '../../../domain/runs/run.js';
import { ContainerRuntime } from '../../../domain/runtime/container-runtime.js';
import type { ExecSession } from '../../../domain/runtime/exec-session.js';
import { RuntimeError } from '../../../domain/runtime/runtime-errors.js';
import { digestOf } from '../../../platform/crypto/digest.js';
import { LifecycleService } from '../../lifecycle/lifecycle.service.js';
import type { RunOutput } from '../run-output.js';
import { RunKind, type RunDescription, type RunEnd, type RunWork } from './run-kind.js';

const INPUT_PIECE_BYTES = 64 * 1024;

/** Runs of type exec: a command beside the agent's own program, in its container and as its user. */
@Injectable()
export class ExecRuns extends RunKind<'exec'> {
  private readonly logger = new Logger(ExecRuns.name);

  constructor(
    private readonly runtime: ContainerRuntime,
    private readonly lifecycle: LifecycleService,
  ) {
    super();
  }

  describe(request: ExecRunRequest): RunDescription {
    const { command, cwd, env, stdin, timeoutSeconds } = request;
    const exec = { command, cwd, envNames: Object.keys(env), timeoutSeconds };
    return { fields: { input: null, exec }, inputHash: digestOf({ command, cwd, env, stdin, timeoutSeconds }) };
  }

  limitMs({ timeoutSeconds }: ExecRunRequest): number {
    return timeoutSeconds * 1000;
  }

  assertPossible(): void {
    if (this.runtime.capabilities.exec) return;
    throw new RuntimeError(
      'unsupported',
      `The ${this.runtime.name} runtime cannot run commands in agents. Use a container engine (RUNTIME=docker).`,
    );
  }

  async perform({ run, request, instance, output, signal }: RunWork<'exec'>): Promise<RunEnd> {
    const container = await this.lifecycle.addressOf(instance, run.replica);
    signal.throwIfAborted();
    const { command, env, cwd } = request;
    try {
      const session = await this.runtime.exec(container, { id: run.id, command, env, cwd, terminal: null });
      return await this.follow(session, container.id, { run, request, output, signal });
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.failure !== 'not-found') throw error;
      throw new AgentNotRunningError(instance.id, 'not running any more');
    }
  }

  shown(output: RunOutput): Partial<RunResult> {
    const { stdout, stderr } = output.kept();
    return { stdout: stdout.text, stderr: stderr.text, stdoutFacts: stdout.facts, stderrFacts: stderr.facts };
  }

  async abandon(run: Run, instance: ManagedInstance): Promise<void> {
    const { containerId } = replicaView(instance, run.replica).lifecycle;
    if (containerId !== null) await this.runtime.endExec(containerId, run.id);
  }

  private async follow(
    session: ExecSession,
    container: string,
    { run, request, output, signal }: Omit<RunWork<'exec'>, 'instance'>,
  ): Promise<RunEnd> {
    const endings: Promise<void>[] = [];
    const end = (): void => {
      endings.push(this.end(container, run, session));
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    try {
      void feed(session, Buffer.from(request.stdin), signal);
      for await (const { stream, data } of session.output) output.push(stream, data);
      await Promise.all(endings);
      signal.throwIfAborted();
      const exitCode = await session.exitCode();
      return { status: exitCode === 0 ? 'passed' : 'failed', exitCode, resultHash: output.hash() };
    } catch (error) {
      // What it cannot be heard of any more may still be there.
      if (!signal.aborted) end();
      await Promise.all(endings);
      throw error;
    } finally {
      signal.removeEventListener('abort', end);
      session.close();
    }
  }

  /** Ends the processes first, so that what they say about it is still heard; lets go of them whatever comes of it. */
  private async end(container: string, run: Run, session: ExecSession): Promise<void> {
    try {
      await this.runtime.endExec(container, run.id);
    } catch (error) {
      this.logger.error({ msg: 'processes of a run could not be ended', run: run.id, err: error });
    } finally {
      session.close();
    }
  }
}

async function feed(session: ExecSession, input: Buffer, signal: AbortSignal): Promise<void> {
  for (let at = 0; at < input.length && !signal.aborted; at += INPUT_PIECE_BYTES) {
    await session.write(input.subarray(at, at + INPUT_PIECE_BYTES));
  }
  session.endInput();
}
