import { AgentError } from '../errors.js';
import { log } from '../log.js';
import type { ConfigureRequest, RunRequest, RunResponse } from '../protocol.js';
import { PROVIDERS } from '../providers/provider-registry.js';
import { renderPrompt } from '../rendering/render-prompt.js';
import { composeMessages } from './compose-messages.js';

/**
 * Renders the system prompt, composes the messages, asks the provider.
 * @throws AgentError PROVIDER_UNKNOWN, PROMPT_RENDER_FAILED, PROMPT_RENDER_TIMEOUT; the signal's reason when cancelled
 */
export async function runPrompt(
  configuration: ConfigureRequest,
  request: RunRequest,
  renderTimeoutMs: number,
  signal: AbortSignal,
): Promise<RunResponse> {
  const startedAt = performance.now();
  log(`run ${request.runId} started`);
  let outcome = 'failed: INTERNAL';
  try {
    const response = await answer(configuration, request, renderTimeoutMs, signal);
    outcome = 'ended';
    return response;
  } catch (error) {
    if (error instanceof AgentError) outcome = `failed: ${error.code}`;
    else if (signal.aborted) outcome = 'cancelled';
    throw error;
  } finally {
    log(`run ${request.runId} ${outcome} after ${Math.round(performance.now() - startedAt)} ms`);
  }
}

async function answer(
  { config, systemPrompt, soul, aieos_identity, tools }: ConfigureRequest,
  { input }: RunRequest,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<RunResponse> {
  const provider = PROVIDERS.named(config.provider);
  const rendered = await renderPrompt({ template: systemPrompt, input, timeoutMs }, signal);
  const messages = composeMessages({ systemPrompt: rendered, soul, aieos_identity, input });
  return provider.complete({ model: config.model, messages, tools }, signal);
}
