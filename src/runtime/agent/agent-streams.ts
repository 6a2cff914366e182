import { once } from 'node:events';
import { request as httpRequest, type Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { ByteStream } from '../../domain/runtime/agent-files.js';
import { AgentSocketUnsafeError, AgentUnreachableError } from '../../domain/runtime/runtime-errors.js';
import { parseAnswer } from './agent-answer.js';
import { parseFailure } from './agent-protocol.js';
import { fileFailure } from './file-failure.js';
import { withinPatience } from './within-patience.js';

/** How long an agent may take for its next sign of life. Of its own limits of CPU it may have little. */
const PATIENCE_MS = 60_000;
/** For what it does before it answers: walking through a large folder, or removing it. */
const LONG_PATIENCE_MS = 600_000;
const MAX_JSON_BYTES = 8 * 1024 * 1024;
/** A page of a list has some thousands. */
const MOST_VALUES = 20_000;

export interface StreamExchange {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly query: Readonly<Record<string, string | number | boolean>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: ByteStream;
  readonly signal: AbortSignal;
}

export interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Requests to an agent-server whose bodies or answers are streams. Whatever the agent does, each of them ends. */
export class AgentStreams {
  constructor(
    private readonly container: string,
    private readonly pool: Agent,
  ) {}

  /** @throws DomainError for an answer that is none of success */
  async json(exchange: StreamExchange): Promise<JsonAnswer> {
    const response = await this.open(exchange);
    return { status: response.statusCode ?? 0, body: await this.readJson(response) };
  }

  /** The answer's head; its body has yet to be read. @throws DomainError for an answer that is none of success */
  async open(exchange: StreamExchange): Promise<IncomingMessage> {
    const { signal } = exchange;
    signal.throwIfAborted();
    try {
      const response = await this.ask(exchange);
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) return response;
      const failure = parseFailure(await this.readJson(response));
      // It would still be sent to.
      if (exchange.body !== undefined) response.destroy();
      throw fileFailure(this.container, status, failure);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  }

  /** The answer's bytes, whole or with an error. */
  async *bytes(response: IncomingMessage, patienceMs = PATIENCE_MS): AsyncGenerator<Buffer> {
    const pieces: AsyncIterator<Buffer, undefined> = response.iterator();
    try {
      for (;;) {
        const next = await this.waited(pieces.next(), patienceMs);
        if (next.done === true) return;
        yield next.value;
      }
    } catch (cause) {
      throw cause instanceof DomainError ? cause : this.unreachable(cause);
    } finally {
      if (!response.complete) response.destroy();
    }
  }

  private async ask(exchange: StreamExchange): Promise<IncomingMessage> {
    const { method, path, query, headers = {}, body, signal } = exchange;
    const texts = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
    const request = httpRequest({
      agent: this.pool,
      host: 'agent',
      method,
      path: `${path}?${new URLSearchParams(texts).toString()}`,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/octet-stream' }) },
      signal,
    });
    const answered = this.answerTo(request);
    // Looked at below, when all is sent; it may fail before.
    answered.catch(() => undefined);
    try {
      if (body === undefined) request.end();
      else await this.send(request, body, answered);
      return await this.waited(answered, LONG_PATIENCE_MS);
    } catch (error) {
      request.destroy();
      throw error;
    }
  }

  /** Sends until all is sent, or an answer is there, for that is a refusal then. @throws what the body throws */
  private async send(request: ClientRequest, body: ByteStream, answered: Promise<unknown>): Promise<void> {
    const over = new AbortController();
    const end = answered.then(
      () => {
        over.abort();
      },
      () => {
        over.abort();
      },
    );
    for await (const piece of body) {
      if (over.signal.aborted) return;
      if (request.write(piece)) continue;
      await this.waited(Promise.race([once(request, 'drain').catch(() => undefined), end]), PATIENCE_MS);
    }
    request.end();
  }

  private answerTo(request: ClientRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      request.once('response', resolve);
      request.on('error', (cause) => {
        const known = cause instanceof AgentSocketUnsafeError || cause instanceof AgentUnreachableError;
        reject(known ? cause : this.unreachable(cause));
      });
      // As in HttpAgentConnection: nothing of these is ever asked for.
      for (const unasked of ['upgrade', 'information'] as const) {
        request.once(unasked, () => {
          reject(this.unreachable());
          request.socket?.destroy();
          request.destroy();
        });
      }
    });
  }

  private async readJson(response: IncomingMessage): Promise<unknown> {
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of this.bytes(response)) {
      length += piece.length;
      if (length > MAX_JSON_BYTES) throw this.unreachable();
      pieces.push(piece);
    }
    try {
      return length === 0 ? null : parseAnswer(Buffer.concat(pieces), MOST_VALUES);
    } catch (cause) {
      throw this.unreachable(cause);
    }
  }

  private waited<T>(promise: Promise<T>, ms: number): Promise<T> {
    return ms === Infinity ? promise : withinPatience(promise, ms, () => this.unreachable());
  }

  private unreachable(cause?: unknown): AgentUnreachableError {
    return new AgentUnreachableError(this.container, { cause });
  }
}
