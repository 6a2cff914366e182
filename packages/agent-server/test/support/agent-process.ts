import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUNDLE } from './bundle.js';
import { callAgent, type AgentAnswer } from './call-agent.js';

export interface AgentProcessOptions {
  readonly environment?: Record<string, string>;
  /** Without any argument of its own. */
  readonly bare?: boolean;
  readonly nodeFlags?: (folder: string) => readonly string[];
}

/** The program, on a real socket in a folder of its own. */
export class AgentProcess {
  stdout = '';
  stderr = '';
  readonly #exit: Promise<{ code: number | null; signal: string | null }>;

  private constructor(
    readonly folder: string,
    readonly process: ChildProcess,
  ) {
    process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.#exit = once(process, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as string | null,
    }));
  }

  /** Started, but maybe not answering yet. Call end() in the end. */
  static async launch(options: AgentProcessOptions = {}): Promise<AgentProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'muster-agent-'));
    return AgentProcess.launchIn(folder, options);
  }

  static launchIn(
    folder: string,
    { environment = {}, bare = false, nodeFlags }: AgentProcessOptions = {},
  ): AgentProcess {
    const args = [
      ...(nodeFlags?.(folder) ?? []),
      BUNDLE,
      ...(bare ? [] : ['serve', '--socket', join(folder, 'agent.sock')]),
    ];
    const child = spawn(process.execPath, args, {
      cwd: folder,
      // Not the test runner's own: its NODE_OPTIONS are no part of a container.
      env: { PATH: '/usr/bin:/bin', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new AgentProcess(folder, child);
  }

  /** Launched, and it answers. */
  static async start(options: AgentProcessOptions = {}): Promise<AgentProcess> {
    const agent = await AgentProcess.launch(options);
    await agent.answering();
    return agent;
  }

  get socket(): string {
    return join(this.folder, 'agent.sock');
  }

  call(method: string, path: string, body?: unknown): Promise<AgentAnswer> {
    return callAgent(this.socket, method, path, body);
  }

  async answering(): Promise<void> {
    await this.until(async () => (await this.call('GET', '/v1/health').catch(() => null))?.status === 200);
  }

  async logged(pattern: RegExp): Promise<void> {
    await this.until(() => Promise.resolve(pattern.test(this.stdout)));
  }

  /** Waits for something to become true; the test's own time limit ends it. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) {
      if (this.process.exitCode !== null) throw new AgentEndedError(this.process.exitCode, this.stderr);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  exited(): Promise<{ code: number | null; signal: string | null }> {
    return this.#exit;
  }

  /** Kills it if it still runs, and removes its folder. */
  async end(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.#exit;
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Thrown when the program ended while a test waited for it. */
class AgentEndedError extends Error {
  constructor(code: number, stderr: string) {
    super(`The agent-server ended with ${code}: ${stderr}`);
  }
}
