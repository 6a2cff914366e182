import { outcomeOf } from './render-outcome.js';
import { RenderSlots } from './render-slots.js';
import { endRenderWorker, startRenderWorker } from './start-render-worker.js';

const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
const MOST_AT_ONCE = 4;

const slots = new RenderSlots(MOST_AT_ONCE);

export interface RenderRequest {
  /** EJS source. */
  readonly template: string;
  /** What readStdin() gives. */
  readonly input: string;
  readonly timeoutMs: number;
}

/**
 * Renders a system prompt in a worker that is thrown away afterwards.
 * @throws AgentError PROMPT_RENDER_FAILED, PROMPT_RENDER_TIMEOUT; the signal's reason when cancelled
 */
export async function renderPrompt(request: RenderRequest, signal: AbortSignal): Promise<string> {
  const { template, input, timeoutMs } = request;
  const release = await slots.take(signal);
  const worker = startRenderWorker({ template, input, maxOutputBytes: MAX_OUTPUT_BYTES });
  worker.once('exit', release);
  try {
    return await outcomeOf(worker, { timeoutMs, maxOutputBytes: MAX_OUTPUT_BYTES }, signal);
  } finally {
    endRenderWorker(worker);
  }
}
