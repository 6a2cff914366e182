import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { DomainError } from '../../domain/errors/domain-error.js';
import {
  AgentConnection,
  type AgentConfiguration,
  type AgentHealth,
  type LoopbackProbe,
  type ProbeResult,
  type PromptRequest,
  type PromptResult,
  type SecretFile,
} from '../../domain/runtime/agent-connection.js';
import type { AgentFiles } from '../../domain/runtime/agent-files.js';
import type { Tunnel } from '../../domain/runtime/tunnel.js';
import type { Uplink, UplinkHandler } from '../../domain/runtime/uplink.js';
import { AgentSocketUnsafeError, AgentUnreachableError, RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { parseAnswer } from './agent-answer.js';
import { MAX_BODY_BYTES, parseFailure, parseHealth, parseProbeResult, parsePromptResult } from './agent-protocol.js';
import { AgentStreams } from './agent-streams.js';
import { DialingPool } from './dialing-pool.js';
import { openTunnel } from './open-tunnel.js';
import { openUplink } from './open-uplink.js';
import { HttpAgentFiles } from './http-agent-files.js';

/** By exec, a new connection has a program started inside, which under gVisor takes seconds on a busy host. */
const HEALTH_TIMEOUT_MS = { unix: 2_000, exec: 10_000 } as const;
const CONFIGURE_TIMEOUT_MS = 10_000;
/** For the way to the agent and back, beyond what the probe itself may take. */
const PROBE_EXTRA_MS = 2000;
/** Of any answer but a run's. */
const MAX_SHORT_ANSWER_BYTES = 64 * 1024;

/** What an agent may tell its user. Any other code is a fault between Muster and the agent, not the user's. */
const TOLD_CODES = ['PROMPT_RENDER_FAILED', 'PROMPT_RENDER_TIMEOUT', 'PROVIDER_UNKNOWN', 'BODY_TOO_LARGE'] as const;

/** Why an agent takes no secrets, by its agent-server's code. */
const SECRETS_REFUSED: Readonly<Record<string, string>> = {
  ROUTE_NOT_FOUND:
    "The image's agent-server is too old to be given secrets. Build the image from the present muster/agent.",
  UNSUPPORTED: 'The folder for secrets is not in memory there, so nothing was written to it.',
};

interface Exchange {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly maxAnswerBytes?: number;
  readonly signal: AbortSignal;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Talks to an agent-server in HTTP/1.1 over whatever stream `dial` opens. */
export class HttpAgentConnection extends AgentConnection {
  readonly files: AgentFiles;
  private readonly pool: DialingPool;

  constructor(
    private readonly container: string,
    readonly endpoint: 'unix' | 'exec',
    private readonly dial: () => Promise<Duplex>,
    first: Duplex,
    /** One whose sides end each by itself. */
    private readonly dialHalfOpen: () => Promise<Duplex> = dial,
  ) {
    super();
    this.pool = new DialingPool(dial, first);
    this.files = new HttpAgentFiles(container, new AgentStreams(container, this.pool));
  }

  async health(timeoutMs: number = HEALTH_TIMEOUT_MS[this.endpoint]): Promise<AgentHealth> {
    const answer = await this.bounded(timeoutMs, (signal) =>
      this.exchange({ method: 'GET', path: '/v1/health', signal }),
    );
    return this.understood(answer.status === 200 ? parseHealth(answer.body) : null, answer);
  }

  async configure(configuration: AgentConfiguration): Promise<void> {
    const answer = await this.bounded(CONFIGURE_TIMEOUT_MS, (signal) =>
      this.exchange({ method: 'PUT', path: '/v1/configuration', body: configuration, signal }),
    );
    if (answer.status !== 204) throw this.failure(answer);
  }

  async giveSecrets(files: readonly SecretFile[]): Promise<void> {
    const secrets = files.map(({ name, value }) => ({ name, value: Buffer.from(value).toString('base64') }));
    const answer = await this.bounded(CONFIGURE_TIMEOUT_MS, (signal) =>
      this.exchange({ method: 'PUT', path: '/v1/secrets', body: { secrets }, signal }),
    );
    if (answer.status === 204) return;
    const cause = this.failure(answer);
    const reason = SECRETS_REFUSED[String(cause.details['agentCode'])];
    throw reason === undefined ? cause : new RuntimeError('unsupported', reason, { cause });
  }

  async prompt(request: PromptRequest, signal: AbortSignal): Promise<PromptResult> {
    signal.throwIfAborted();
    try {
      const body = { ...request, type: 'prompt' };
      const maxAnswerBytes = MAX_BODY_BYTES;
      const answer = await this.exchange({ method: 'POST', path: '/v1/runs', body, maxAnswerBytes, signal });
      return this.understood(answer.status === 200 ? parsePromptResult(answer.body) : null, answer);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  }

  async probe(probe: LoopbackProbe, timeoutMs: number): Promise<ProbeResult> {
    const { kind, port } = probe;
    const body = { kind, port, path: probe.kind === 'http' ? (probe.path ?? '/') : null, timeoutMs };
    const answer = await this.bounded(timeoutMs + PROBE_EXTRA_MS, (signal) =>
      this.exchange({ method: 'POST', path: '/v1/probes', body, signal }),
    );
    return this.understood(answer.status === 200 ? parseProbeResult(answer.body) : null, answer);
  }

  async tunnel(port: number): Promise<Tunnel> {
    return openTunnel(this.container, await this.dialHalfOpen(), port);
  }

  async uplink(handler: UplinkHandler): Promise<Uplink> {
    return openUplink(this.container, await this.dial(), handler);
  }

  async retire(): Promise<void> {
    return this.pool.retire();
  }

  close(): void {
    this.pool.destroy();
  }

  /** Gives a call its time. One that is safe to repeat is repeated once, for a kept connection may just have been closed. */
  private async bounded(timeoutMs: number, call: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      return await call(signal);
    } catch (error) {
      if (!(error instanceof StaleConnection) || signal.aborted) throw error;
      return call(signal);
    }
  }

  private exchange(exchange: Exchange): Promise<Answer> {
    const { method, path, body, maxAnswerBytes = MAX_SHORT_ANSWER_BYTES, signal } = exchange;
    return new Promise((resolve, reject) => {
      const payload = body === undefined ? null : Buffer.from(JSON.stringify(body));
      if (payload !== null && payload.length > MAX_BODY_BYTES) {
        reject(new DomainError('BODY_TOO_LARGE', `An agent takes at most ${MAX_BODY_BYTES} bytes at once.`));
        return;
      }
      const headers = payload === null ? {} : { 'content-type': 'application/json', 'content-length': payload.length };
      const request = httpRequest({ agent: this.pool, host: 'agent', method, path, headers, signal });
      request.once('error', (cause) => {
        reject(this.broken(request, cause));
      });
      // Node.js drops a request that is answered by another protocol without a word, and takes any number of interim
      // answers: an agent could keep whoever waits here for ever, past every time limit.
      for (const unasked of ['upgrade', 'information'] as const) {
        request.once(unasked, () => {
          reject(new AgentUnreachableError(this.container));
          request.socket?.destroy();
          request.destroy();
        });
      }
      request.once('response', (response) => {
        readBody(response, maxAnswerBytes).then(resolve, (cause: unknown) => {
          request.destroy();
          reject(new AgentUnreachableError(this.container, { cause }));
        });
      });
      request.end(payload);
    });
  }

  private broken(request: ClientRequest, cause: Error): Error {
    if (cause instanceof AgentSocketUnsafeError || cause instanceof AgentUnreachableError) return cause;
    return request.reusedSocket
      ? new StaleConnection(this.container, { cause })
      : new AgentUnreachableError(this.container, { cause });
  }

  private understood<T>(value: T | null, answer: Answer): T {
    if (value === null) throw this.failure(answer);
    return value;
  }

  private failure({ status, body }: Answer): DomainError {
    const failure = status >= 400 ? parseFailure(body) : null;
    const code = TOLD_CODES.find((told) => told === failure?.code);
    if (failure !== null && code !== undefined) return new DomainError(code, failure.message);
    return new AgentUnreachableError(this.container, { details: { status, agentCode: failure?.code ?? null } });
  }
}

/** A kept connection turned out to be closed. */
class StaleConnection extends AgentUnreachableError {}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Answer> {
  const status = response.statusCode ?? 0;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new DomainError('BODY_TOO_LARGE', 'The agent answered with too large a body.');
    chunks.push(chunk);
  }
  return { status, body: length === 0 ? null : parseAnswer(Buffer.concat(chunks)) };
}
