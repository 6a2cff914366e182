import type { JsonObject } from '../json.js';
import type { AgentConfig, ToolReference } from '../templates/blueprint.js';
import type { HealthProbe } from '../templates/manifest.js';
import type { AgentFiles } from './agent-files.js';
import type { Tunnel } from './tunnel.js';
import type { Uplink, UplinkHandler } from './uplink.js';
import type { Usage } from '../runs/run.js';

/** What an agent-server is told about the agent it is to be. */
export interface AgentConfiguration {
  readonly instanceId: string;
  readonly identifier: string;
  readonly displayName: string;
  readonly role: string;
  readonly soul: string;
  readonly aieos_identity: JsonObject | null;
  /** EJS source, rendered inside. */
  readonly systemPrompt: string;
  readonly tools: readonly ToolReference[];
  readonly config: AgentConfig;
  /** SHA-256, in hex, over the canonical JSON of all the rest; health tells it back. */
  readonly digest: string;
}

/** A file with a secret's value, to be. */
export interface SecretFile {
  readonly name: string;
  readonly value: Uint8Array;
}

export interface AgentHealth {
  readonly version: string;
  /** The digest of the configuration it has, null before the first. */
  readonly configured: string | null;
}

export interface PromptRequest {
  readonly runId: string;
  readonly input: string;
}

export interface PromptResult {
  readonly output: string;
  readonly usage: Usage;
}

/** A look at a program on the container's own loopback. */
export type LoopbackProbe = Extract<HealthProbe, { kind: 'http' | 'tcp' }>;

export interface ProbeResult {
  /** refused: nothing listens. broken: it answers, and not in HTTP. status: with another one than 2xx and 3xx. */
  readonly result: 'ok' | 'refused' | 'timeout' | 'broken' | 'status';
  /** Of an HTTP answer. */
  readonly status: number | null;
}

/**
 * A conversation with one agent-server. Everything that comes out of it is hostile until checked: sizes are bounded and
 * shapes are validated by the adapter.
 */
export abstract class AgentConnection {
  /** How it is reached. */
  abstract readonly endpoint: 'unix' | 'exec';
  /** The files of its workspace. */
  abstract readonly files: AgentFiles;
  /** @param timeoutMs how long it may take; where nothing is said 2 s, and 10 s by exec. @throws DomainError AGENT_UNREACHABLE */
  abstract health(timeoutMs?: number): Promise<AgentHealth>;
  abstract configure(configuration: AgentConfiguration): Promise<void>;
  /**
   * Puts the files, each whole, into SECRETS_FOLDER in place of all that is there. Nothing is written to a disk: where that folder is
   * not in memory, nothing is written at all.
   * @throws DomainError RUNTIME_UNSUPPORTED when it is not, or its agent-server is too old for it; AGENT_UNREACHABLE
   */
  abstract giveSecrets(files: readonly SecretFile[]): Promise<void>;
  /**
   * Answers one prompt.
   * @throws DomainError PROMPT_RENDER_FAILED, PROMPT_RENDER_TIMEOUT, PROVIDER_UNKNOWN, BODY_TOO_LARGE, AGENT_UNREACHABLE
   * (details.agentCode says NOT_CONFIGURED when it has no configuration); the signal's reason when it is aborted
   */
  abstract prompt(request: PromptRequest, signal: AbortSignal): Promise<PromptResult>;
  /**
   * Looks once at what listens beside the agent-server.
   * @throws DomainError AGENT_UNREACHABLE (details.agentCode is ROUTE_NOT_FOUND when its agent-server is too old for it)
   */
  abstract probe(probe: LoopbackProbe, timeoutMs: number): Promise<ProbeResult>;
  /**
   * A connection to a port of the container's own loopback.
   * @throws AgentUnreachableError when nothing listens there, or agent-server does not answer
   */
  abstract tunnel(port: number): Promise<Tunnel>;
  /**
   * Takes what the agent asks for, over a connection of its own.
   * @throws AgentUnreachableError when its agent-server does not answer, or is too old for it
   */
  abstract uplink(handler: UplinkHandler): Promise<Uplink>;
  /** Keeps nothing open for later calls. What is under way goes on. @returns when the last of that has ended */
  abstract retire(): Promise<void>;
  /** Cuts what is under way, except tunnels and uplinks: they have connections of their own. */
  abstract close(): void;
}
