/** Muster's side of what packages/agent-server/src/protocol.ts says. What comes from an agent is checked here. */
import type { AgentHealth, ProbeResult, PromptResult } from '../../domain/runtime/agent-connection.js';

export const SOCKET_NAME = 'agent.sock';

/** Where the private folder is mounted inside a container. */
export const SOCKET_FOLDER = '/run/muster';

/** What a tunnel's request is upgraded to. */
export const TUNNEL_PROTOCOL = 'muster-tunnel';

/** What a connection is upgraded to on which the agent asks, and Muster answers. */
export const UPLINK_PROTOCOL = 'muster-uplink';

/** What the connection of a program is upgraded to. */
export const EXEC_PROTOCOL = 'muster-exec';

/** Where the container's programs ask for names. */
export const NAMES_ADDRESS = '127.0.0.1';
export const NAMES_PORT = 53;
/** Tells agent-server to answer there. */
export const NAMES_VARIABLE = 'MUSTER_NAMES';

/** Neither side reads a larger body. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

const LAST_EXIT_CODE = 255;
const MAX_VERSION_LENGTH = 64;
const MAX_MESSAGE_LENGTH = 2000;
const DIGEST = /^[0-9a-f]{64}$/;

export interface AgentFailure {
  readonly code: string;
  readonly message: string;
}

/** null when it is no health answer. */
export function parseHealth(body: unknown): AgentHealth | null {
  if (!isRecord(body)) return null;
  const { version, configured } = body;
  if (typeof version !== 'string' || version.length > MAX_VERSION_LENGTH) return null;
  if (configured === null) return { version, configured };
  return typeof configured === 'string' && DIGEST.test(configured) ? { version, configured } : null;
}

/** null when it is no answer to a run. */
export function parsePromptResult(body: unknown): PromptResult | null {
  if (!isRecord(body) || !isRecord(body['usage'])) return null;
  const { output } = body;
  const { inputTokens, outputTokens } = body['usage'];
  if (typeof output !== 'string' || !isCount(inputTokens) || !isCount(outputTokens)) return null;
  return { output, usage: { inputTokens, outputTokens } };
}

/** How a program ended, or why it did not begin; null when it is neither. */
export function parseExecEnd(bytes: Buffer): { exitCode: number } | { failure: string } | null {
  let said: unknown;
  try {
    said = JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
  if (!isRecord(said)) return null;
  const { exitCode, failure } = said;
  if (typeof failure === 'string') return { failure: shown(failure) };
  return isCount(exitCode) && exitCode <= LAST_EXIT_CODE ? { exitCode } : null;
}

const PROBE_RESULTS = ['ok', 'refused', 'timeout', 'broken', 'status'] as const;

/** null when it is no answer to a probe. */
export function parseProbeResult(body: unknown): ProbeResult | null {
  if (!isRecord(body)) return null;
  const { status } = body;
  const result = PROBE_RESULTS.find((known) => known === body['result']);
  if (result === undefined || (status !== null && !(isCount(status) && status <= 999))) return null;
  return { result, status };
}

/** null when it is no error answer. The message is cut and cleaned of control characters, for it is shown to people. */
export function parseFailure(body: unknown): AgentFailure | null {
  if (!isRecord(body)) return null;
  const { code, message } = body;
  if (typeof code !== 'string' || !/^[A-Z_]{1,64}$/.test(code) || typeof message !== 'string') return null;
  return { code, message: shown(message) };
}

const shown = (message: string): string => message.slice(0, MAX_MESSAGE_LENGTH).replace(/\p{Cc}/gu, ' ');

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
