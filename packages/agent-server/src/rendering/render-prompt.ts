import { Worker } from 'node:worker_threads';
import { RENDER_COMMAND } from '../command-line.js';
import { AgentError } from '../errors.js';
import type { RenderJob, RenderReport } from './render-messages.js';
import { RenderSlots } from './render-slots.js';

const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
const slots = new RenderSlots(4);

export interface RenderRequest {
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
  const release = await slots.take(signal);
  const job: RenderJob = { template: request.template, input: request.input, maxOutputBytes: MAX_OUTPUT_BYTES };
  const worker = new Worker(new URL(import.meta.url), {
    argv: [RENDER_COMMAND],
    workerData: job,
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MUSTER_'))),
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 },
  });
  worker.stdout.resume();
  worker.stderr.resume();
  worker.once('exit', release);
  try {
    return await outcomeOf(worker, request.timeoutMs, signal);
  } finally {
    void worker.terminate();
  }
}

function outcomeOf(worker: Worker, timeoutMs: number, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout;
    const failed = (message: string): void => {
      reject(new AgentError('PROMPT_RENDER_FAILED', `The system prompt could not be rendered: ${message}.`));
    };
    const cancel = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', cancel, { once: true });
    worker.once('online', () => {
      timer = setTimeout(() => {
        reject(new AgentError('PROMPT_RENDER_TIMEOUT', `The system prompt was not rendered within ${timeoutMs} ms.`));
      }, timeoutMs);
    });
    worker.once('message', (report: RenderReport) => {
      if (report.kind === 'rendered') resolve(report.text);
      else if (report.kind === 'failed') failed(report.message);
      else failed(`it called process.exit(${report.exitCode})`);
    });
    worker.once('error', (error) => {
      failed(error.message);
    });
    worker.once('exit', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      failed('it ended without a result');
    });
  });
}
