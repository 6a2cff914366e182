import type { Worker } from 'node:worker_threads';
import { AgentError } from '../errors.js';
import { describeTemplateError } from './describe-template-error.js';
import { watchMemory } from './memory-watch.js';
import { readReport, type RenderReport } from './render-messages.js';

/** A worker that does not even begin is not the template's fault, but nobody can wait for it for ever. */
const BEGIN_WITHIN_MS = 10_000;

export interface RenderLimits {
  /** From the moment the worker runs. */
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
}

/**
 * What comes of a render: the text, or whichever of report, error, exit, time, memory and signal is first.
 * @throws AgentError PROMPT_RENDER_FAILED, PROMPT_RENDER_TIMEOUT; the signal's reason when cancelled
 */
export async function outcomeOf(worker: Worker, limits: RenderLimits, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = withResolvers<RenderReport>();
  const fail = (message: string): void => {
    resolve({ kind: 'failed', message });
  };
  const tooLate = (): void => {
    reject(
      new AgentError('PROMPT_RENDER_TIMEOUT', `The system prompt was not rendered within ${limits.timeoutMs} ms.`),
    );
  };
  const cancel = (): void => {
    reject(signal.reason);
  };
  let timer = setTimeout(tooLate, BEGIN_WITHIN_MS);
  const endWatch = watchMemory((limitMiB) => {
    fail(`it used more than ${limitMiB} MiB of memory`);
  });
  signal.addEventListener('abort', cancel, { once: true });
  worker.on('online', () => {
    clearTimeout(timer);
    timer = setTimeout(tooLate, limits.timeoutMs);
  });
  worker.on('message', (message: unknown) => {
    resolve(
      readReport(message, limits.maxOutputBytes) ?? { kind: 'failed', message: 'it sent something that is no report' },
    );
  });
  // Errors come by another port than reports, and can overtake them; at the exit all reports are there.
  let ending = 'it ended without a result: it waits for something that never comes, or ended its thread';
  worker.on('error', (error: unknown) => {
    ending = isOutOfMemory(error) ? 'it used too much memory' : describeTemplateError(error);
  });
  worker.on('exit', () => {
    fail(ending);
  });
  try {
    return textOf(await promise);
  } finally {
    clearTimeout(timer);
    endWatch();
    signal.removeEventListener('abort', cancel);
  }
}

function textOf(report: RenderReport): string {
  switch (report.kind) {
    case 'rendered':
      return report.text;
    case 'failed':
      throw renderFailed(report.message);
    case 'exit-called':
      throw renderFailed(`it called process.exit(${report.exitCode})`);
  }
}

function renderFailed(why: string): AgentError {
  return new AgentError('PROMPT_RENDER_FAILED', `The system prompt could not be rendered: ${why}.`);
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

/** Promise.withResolvers, which Node 20 lacks. */
function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (reason: unknown) => void } {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((accept, refuse) => {
    resolve = accept;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
