import { Worker } from 'node:worker_threads';
import { RENDER_COMMAND } from '../command-line.js';
import { AbandonedWorkerError } from '../errors.js';
import type { RenderJob } from './render-messages.js';
import { RUNNING_WORKERS } from './running-workers.js';

/**
 * V8's own limit, behind the memory watch. Not lower: a single allocation that jumps past it ends the whole process,
 * while what grows step by step is caught by the watch long before.
 */
const HEAP_MIB = 512;
const YOUNG_HEAP_MIB = 16;

/** How long after its outcome a worker may still be there. */
const END_WITHIN_MS = 5_000;

/** A worker that renders this job and reports. The bundle is one file, so the worker enters where the program does. */
export function startRenderWorker(job: RenderJob): Worker {
  const worker = new Worker(new URL(import.meta.url), {
    argv: [RENDER_COMMAND],
    workerData: job,
    env: cleanEnvironment(process.env),
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB, maxYoungGenerationSizeMb: YOUNG_HEAP_MIB },
  });
  // What a template prints may be a prompt: it goes nowhere.
  worker.stdout.resume();
  worker.stderr.resume();
  RUNNING_WORKERS.add(worker);
  worker.once('exit', () => {
    RUNNING_WORKERS.delete(worker);
  });
  return worker;
}

/**
 * Ends a worker whatever it does. One that can't be ended takes the agent with it: it would hold a slot, its memory and,
 * in the end, the agent's exit. Muster starts the agent anew.
 */
export function endRenderWorker(worker: Worker): void {
  const timer = setTimeout(() => {
    throw new AbandonedWorkerError(END_WITHIN_MS);
  }, END_WITHIN_MS);
  void worker.terminate().then(() => {
    clearTimeout(timer);
  });
}

function cleanEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('MUSTER_')));
}
