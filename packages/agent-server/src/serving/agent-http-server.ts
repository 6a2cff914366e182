import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { AgentError } from '../errors.js';
import { LazyPrograms } from '../exec/lazy-programs.js';
import { log } from '../log.js';
import { LazyNetwork } from '../network/lazy-network.js';
import { MAX_BODY_BYTES, type ErrorResponse } from '../protocol.js';
import type { Answer } from './answer.js';
import { routeRequest } from './route-request.js';
import { serveUpgrades } from './serve-upgrades.js';
import { AgentState } from './agent-state.js';
import { STATUS_OF } from './status-of.js';

export interface AgentServer {
  readonly http: Server;
  readonly network: LazyNetwork;
  readonly programs: LazyPrograms;
  requestsInFlight(): number;
  /** Stops accepting, and resolves when what was in flight is answered. */
  stop(): Promise<void>;
}

export interface AgentServerOptions {
  readonly renderTimeoutMs: number;
  /** The folder whose files it serves. */
  readonly files: string;
  /** The folder that secrets are put into. */
  readonly secrets: string;
}

/** Of a body, so that it goes on coming while what came is written. */
const READ_AHEAD_BYTES = 1024 * 1024;

const JSON_TYPE = 'content-type: application/json; charset=utf-8';
const NOT_HTTP = JSON.stringify({
  code: 'MALFORMED_REQUEST',
  message: 'The request cannot be read: it is not HTTP/1.1.',
} satisfies ErrorResponse);

/** The agent's HTTP side: one request in, one JSON answer out, and the connection's end as the signal to cancel. */
export function createAgentServer(options: AgentServerOptions): AgentServer {
  const state = new AgentState(options.renderTimeoutMs, options.files, options.secrets);
  let inFlight = 0;
  let stopping = false;
  let idle = (): void => undefined;

  const http = createServer({ highWaterMark: READ_AHEAD_BYTES }, (request, response) => {
    inFlight++;
    const cancel = new AbortController();
    response.on('close', () => {
      inFlight--;
      cancel.abort();
      if (stopping && inFlight === 0) idle();
    });
    void answer(state, request, cancel.signal).then((found) => {
      if (cancel.signal.aborted) found.stream?.destroy();
      else if (found.stream === undefined) send(response, found, stopping || (!request.complete && !isFiles(request)));
      else sendStream(response, found, found.stream, stopping);
    });
  });
  const network = new LazyNetwork();
  const programs = new LazyPrograms();
  serveUpgrades(http, network, programs);
  http.on('clientError', (_error, socket) => {
    // What is not even HTTP gets its answer in the same words.
    if (socket.writable) socket.end(`HTTP/1.1 400 Bad Request\r\nconnection: close\r\n${JSON_TYPE}\r\n\r\n${NOT_HTTP}`);
    else socket.destroy();
  });
  // Only Muster dials, and it keeps its connection: it, and no timer here, decides when it ends.
  http.keepAliveTimeout = 0;
  // Nor how long an upload may take.
  http.requestTimeout = 0;

  return {
    http,
    network,
    programs,
    requestsInFlight: () => inFlight,
    stop: () => {
      stopping = true;
      http.close();
      // Not close()'s own callback: it also waits for connections that never asked anything.
      return new Promise((resolve) => {
        idle = resolve;
        if (inFlight === 0) resolve();
      });
    },
  };
}

/** What is left of a refused upload is read on, for a sender whose connection breaks does not read why. */
const isFiles = ({ url }: IncomingMessage): boolean => url?.startsWith('/v1/files') === true;

async function answer(state: AgentState, request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
  try {
    const found = await routeRequest(state, request, signal);
    if (found.body !== undefined && Buffer.byteLength(found.body) > MAX_BODY_BYTES) {
      throw new AgentError('BODY_TOO_LARGE', `The answer is larger than ${MAX_BODY_BYTES} bytes. Ask for less.`);
    }
    return found;
  } catch (error) {
    const failure = error instanceof AgentError ? error : internal(error, signal);
    const body: ErrorResponse = { code: failure.code, message: failure.message };
    return { status: STATUS_OF[failure.code], body: JSON.stringify(body) };
  }
}

function internal(error: unknown, signal: AbortSignal): AgentError {
  // The caller is told nothing, the log only where it happened: a message may hold texts.
  if (!signal.aborted) log(`internal error: ${whereOf(error)}`);
  return new AgentError('INTERNAL', 'The agent-server failed. Its log says where.');
}

function whereOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const frame = error.stack?.split('\n').find((line) => line.trimStart().startsWith('at '));
  return `${error.name} ${frame?.trim() ?? ''}`;
}

function send(response: ServerResponse, { status, body, headers }: Answer, close: boolean): void {
  if (close) response.setHeader('connection', 'close');
  if (body === undefined) {
    response.writeHead(status, headers).end();
    return;
  }
  const type = { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body) };
  response.writeHead(status, { ...type, ...headers }).end(body);
}

/** What fails within a stream breaks the connection off: who reads can't take the part for the whole. */
function sendStream(response: ServerResponse, { status, headers }: Answer, stream: Readable, close: boolean): void {
  if (close) response.setHeader('connection', 'close');
  response.writeHead(status, headers);
  // Not when the first byte comes: a watch may be silent for hours.
  response.flushHeaders();
  pipeline(stream, response, (error) => {
    if (error && !response.destroyed) response.destroy();
  });
}
