/**
 * What Muster and an agent-server say to each other: HTTP/1.1 over the Unix socket `agent.sock`, JSON bodies in UTF-8.
 * Muster always dials; the agent-server only listens.
 *
 *     GET  /v1/health                           → 200 HealthResponse
 *     PUT  /v1/configuration  ConfigureRequest  → 204
 *     POST /v1/runs           RunRequest        → 200 RunResponse      closing the connection cancels the run
 *     anything that fails                       → 4xx/5xx ErrorResponse
 *
 * A body has exactly the fields of its type: missing and unknown ones are refused, all faults in one message.
 */
export const SOCKET_NAME = 'agent.sock';

/** Where the private folder is mounted inside a container. */
export const SOCKET_FOLDER = '/run/muster';

/** Neither side reads a larger body. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

export interface HealthResponse {
  readonly version: string;
  /** The digest of the configuration it has, null before the first. */
  readonly configured: string | null;
}

export interface ConfigureRequest {
  readonly instanceId: string;
  readonly identifier: string;
  readonly displayName: string;
  readonly role: string;
  readonly soul: string;
  readonly aieos_identity: Readonly<Record<string, unknown>> | null;
  /** EJS source, rendered for each run, here inside. */
  readonly systemPrompt: string;
  readonly tools: readonly unknown[];
  readonly config: {
    readonly model: string;
    readonly provider: string;
    readonly skills: string;
    readonly canWriteCode: boolean;
    readonly mcpServers: readonly unknown[];
  };
  /** 64 lower-case hex digits: what the configuration is known by. */
  readonly digest: string;
}

export interface RunRequest {
  readonly runId: string;
  readonly type: 'prompt';
  /** The user's message; the system prompt can read it too, by readStdin(). */
  readonly input: string;
}

export interface RunResponse {
  readonly output: string;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
}

export type AgentErrorCode =
  | 'MALFORMED_REQUEST'
  | 'VALIDATION_FAILED'
  /** A request's body, or the answer that a run would have. */
  | 'BODY_TOO_LARGE'
  | 'ROUTE_NOT_FOUND'
  | 'NOT_CONFIGURED'
  | 'PROMPT_RENDER_FAILED'
  | 'PROMPT_RENDER_TIMEOUT'
  | 'PROVIDER_UNKNOWN'
  | 'INTERNAL';

export interface ErrorResponse {
  readonly code: AgentErrorCode;
  readonly message: string;
}
