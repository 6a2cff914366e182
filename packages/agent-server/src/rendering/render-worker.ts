import os from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import ejs from 'ejs';
import { StartError } from '../errors.js';
import { describeTemplateError } from './describe-template-error.js';
import type { RenderJob, RenderReport } from './render-messages.js';
import { restrainProcess } from './restrain-process.js';
import { TemplateRefusal } from './template-refusal.js';

/** Renders one template and reports. Runs in a worker that the server ends as soon as it has heard. */
export async function renderInWorker(): Promise<void> {
  const port = parentPort;
  if (port === null) throw new StartError('NOT_A_WORKER', 'A render worker is started by agent-server only.');
  const report = (message: RenderReport): void => {
    port.postMessage(message);
  };
  restrainProcess((exitCode) => {
    report({ kind: 'exit-called', exitCode });
  });
  // Said here first: Node.js goes on to tell of the error by another way, and calls process.exit(), which would overtake it.
  process.once('uncaughtExceptionMonitor', (error: unknown) => {
    report({ kind: 'failed', message: describeTemplateError(error) });
  });
  report(await render(workerData as RenderJob));
}

async function render(job: RenderJob): Promise<RenderReport> {
  try {
    const template = ejs.compile(job.template, { async: true, includer: refuseInclude });
    const text: unknown = await template({ process, os, Date, readStdin: () => Promise.resolve(job.input) });
    if (typeof text !== 'string') return { kind: 'failed', message: 'a return statement took the place of its text' };
    // Length first: asking a rope of hundreds of megabytes for its bytes would flatten it.
    if (text.length > job.maxOutputBytes || Buffer.byteLength(text) > job.maxOutputBytes) {
      return { kind: 'failed', message: `the result is larger than ${job.maxOutputBytes} bytes` };
    }
    return { kind: 'rendered', text };
  } catch (error) {
    return { kind: 'failed', message: describeTemplateError(error) };
  }
}

/** A snapshot is whole: what a prompt says must not depend on files that happen to be in the container. */
function refuseInclude(path: string): never {
  throw new TemplateRefusal(`include(${JSON.stringify(path)}) is not available: a system prompt stands in one piece`);
}
