import { setTimeout as sleep } from 'node:timers/promises';
import {
  AgentConnection,
  type AgentConfiguration,
  type AgentHealth,
  type ProbeResult,
  type PromptRequest,
  type PromptResult,
  type SecretFile,
} from '../../src/domain/runtime/agent-connection.js';
import type { AgentFiles } from '../../src/domain/runtime/agent-files.js';
import { AgentUnreachableError } from '../../src/domain/runtime/runtime-errors.js';
import type { FakeContainer, FakeEngine } from './fake-engine.js';
import { FakeFiles } from './fake-files.js';

/** A way to the agent in a container of the fake engine. */
export class FakeConnection extends AgentConnection {
  readonly endpoint = 'unix';

  constructor(
    private readonly engine: FakeEngine,
    private readonly id: string,
  ) {
    super();
  }

  get files(): AgentFiles {
    return new FakeFiles(this.engine, this.container().spec.workspaceFolder);
  }

  async health(): Promise<AgentHealth> {
    this.engine.healthChecks.push(this.id);
    if (this.engine.hung.has(this.id)) await new Promise(() => undefined);
    return Promise.resolve({ version: '1', configured: this.container().configuration?.digest ?? null });
  }

  async configure(configuration: AgentConfiguration): Promise<void> {
    this.container().configuration = configuration;
    if (this.engine.hangsSoon) this.engine.hung.add(this.id);
    return Promise.resolve();
  }

  async giveSecrets(files: readonly SecretFile[]): Promise<void> {
    // Whoever gives them overwrites them.
    this.container().secrets = files.map(({ name, value }) => ({ name, value: Uint8Array.from(value) }));
    return Promise.resolve();
  }

  async prompt({ input }: PromptRequest, signal: AbortSignal): Promise<PromptResult> {
    const wait = /^sleep (\d+)$/.exec(input)?.[1];
    if (wait !== undefined) await sleep(Number(wait), undefined, { signal });
    const soul = this.container().configuration?.soul ?? 'nobody';
    return { output: `${soul}: ${input}`, usage: { inputTokens: 1, outputTokens: 1 } };
  }

  /** The fake engine's agents listen nowhere. */
  async probe(): Promise<ProbeResult> {
    return Promise.resolve({ result: 'refused', status: null });
  }

  async tunnel(): Promise<never> {
    return Promise.reject(new AgentUnreachableError(this.id));
  }

  async uplink(): Promise<never> {
    return Promise.reject(new AgentUnreachableError(this.id));
  }

  async retire(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    // Nothing is open.
  }

  private container(): FakeContainer {
    const container = this.engine.containers.get(this.id);
    if (container?.state !== 'running') throw new AgentUnreachableError(this.id);
    return container;
  }
}
