import { log } from '../log.js';
import type { AgentServer } from './agent-http-server.js';

/** How long runs in flight may go on after a signal. Shorter than any grace period Muster gives. */
const FINISH_WITHIN_MS = 2_000;

/** SIGTERM or SIGINT: no new work, what is in flight gets its time, then exit 0. A second signal cuts that short. */
export function stopOnSignals(agent: AgentServer): void {
  let stopping = false;
  const exit = (): never => process.exit(0);
  const stop = (signal: string): void => {
    if (stopping) exit();
    stopping = true;
    log(`stopping on ${signal}${agent.runsInFlight() > 0 ? `, ${agent.runsInFlight()} in flight` : ''}`);
    agent.stop().then(exit, exit);
    setTimeout(exit, FINISH_WITHIN_MS);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
