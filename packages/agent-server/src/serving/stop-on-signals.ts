import { log } from '../log.js';
import { endRunningWorkers } from '../rendering/running-workers.js';
import type { AgentServer } from './agent-http-server.js';

/** How long runs in flight may go on after a signal. Shorter than any grace period Muster gives. */
const FINISH_WITHIN_MS = 2_000;
const WORKERS_END_WITHIN_MS = 250;

/** SIGTERM or SIGINT: no new work, what is in flight gets its time, then exit 0. A second signal cuts that short. */
export function stopOnSignals(agent: AgentServer): void {
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) {
      void endProcess();
      return;
    }
    stopping = true;
    const inFlight = agent.requestsInFlight();
    log(`stopping on ${signal}${inFlight > 0 ? `, ${inFlight} in flight` : ''}`);
    void agent.stop().then(endProcess);
    setTimeout(() => void endProcess(), FINISH_WITHIN_MS);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** Exits 0; but process.exit() waits for every thread, so a worker that can't be ended has to be broken off. */
async function endProcess(): Promise<never> {
  if (await endRunningWorkers(WORKERS_END_WITHIN_MS)) process.exit(0);
  log('a render worker does not end: aborting');
  process.abort();
}
