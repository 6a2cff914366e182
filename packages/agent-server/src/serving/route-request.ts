import type { IncomingMessage } from 'node:http';
import { AgentError } from '../errors.js';
import { log } from '../log.js';
import type { HealthResponse } from '../protocol.js';
import { AGENT_SERVER_VERSION } from '../version.js';
import type { Answer } from './answer.js';
import type { AgentState } from './agent-state.js';
import { readJsonBody } from './read-json-body.js';

type Route = (state: AgentState, request: IncomingMessage, signal: AbortSignal) => Answer | Promise<Answer>;

const ROUTES = new Map<string, Route>([
  ['GET /v1/health', health],
  ['PUT /v1/configuration', configure],
  ['PUT /v1/secrets', secrets],
  ['POST /v1/runs', run],
  ['POST /v1/probes', probe],
]);

const FILES = /^[A-Z]+ \/v1\/files[/?]/;

export async function routeRequest(state: AgentState, request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
  const asked = `${request.method ?? ''} ${request.url ?? ''}`;
  if (FILES.test(asked)) {
    const { routeFiles } = await import('../files/route-files.js');
    return routeFiles(state.files, request, signal);
  }
  const route = ROUTES.get(asked);
  if (route === undefined) {
    throw new AgentError('ROUTE_NOT_FOUND', `There is no such route. Known: ${[...ROUTES.keys()].join(', ')}.`);
  }
  return route(state, request, signal);
}

function health(state: AgentState): Answer {
  const body: HealthResponse = { version: AGENT_SERVER_VERSION, configured: state.digest };
  return { status: 200, body: JSON.stringify(body) };
}

async function configure(state: AgentState, request: IncomingMessage): Promise<Answer> {
  const { validateConfigureRequest } = await import('../validation/configure-request.js');
  state.configure(validateConfigureRequest(await readJsonBody(request)));
  return { status: 204 };
}

async function secrets(state: AgentState, request: IncomingMessage): Promise<Answer> {
  const { validateSecretsRequest } = await import('../validation/secrets-request.js');
  const asked = validateSecretsRequest(await readJsonBody(request));
  const { giveSecrets } = await import('../secrets/give-secrets.js');
  await giveSecrets(state.secrets, asked);
  log(`given ${asked.secrets.length} secrets`);
  return { status: 204 };
}

async function run(state: AgentState, request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
  const { validateRunRequest } = await import('../validation/run-request.js');
  const asked = validateRunRequest(await readJsonBody(request));
  const { runPrompt } = await import('../runs/run-prompt.js');
  const response = await runPrompt(state.configuration, asked, state.renderTimeoutMs, signal);
  return { status: 200, body: JSON.stringify(response) };
}

async function probe(_state: AgentState, request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
  const { validateProbeRequest } = await import('../validation/probe-request.js');
  const asked = validateProbeRequest(await readJsonBody(request));
  const { runProbe } = await import('../loopback/run-probe.js');
  return { status: 200, body: JSON.stringify(await runProbe(asked, signal)) };
}
