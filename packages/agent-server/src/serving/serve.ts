import type { ServeCommand } from '../command-line.js';
import { StartError } from '../errors.js';
import { exitWithError } from '../exit-with-error.js';
import { log } from '../log.js';
import { AGENT_SERVER_VERSION } from '../version.js';
import { createAgentServer } from './agent-http-server.js';
import { listenOnSocket } from './listen-on-socket.js';
import { stopOnSignals } from './stop-on-signals.js';

/** Once the first requests are answered, which somebody waits for. */
const PREPARE_AFTER_MS = 250;

/** Serves until a signal ends it. */
export async function serve(command: ServeCommand): Promise<void> {
  process.on('uncaughtException', exitWithError);
  process.on('unhandledRejection', exitWithError);
  const { renderTimeoutMs, files, secrets } = command;
  const agent = createAgentServer({ renderTimeoutMs, files, secrets });
  // Before listening: as PID 1 a process without handlers ignores SIGTERM.
  stopOnSignals(agent);
  await listenOnSocket(agent.http, command.socketPath);
  if (command.workspace !== null) enter(command.workspace);
  if (command.names !== null) (await agent.network.load()).serveNames(command.names);
  setTimeout(() => void agent.programs.load().then(async (programs) => programs.prepare()), PREPARE_AFTER_MS);
  log(`started agent-server ${AGENT_SERVER_VERSION} on ${command.socketPath}`);
}

/** After listening: the socket's path may be told by way of the folder it was started in. */
function enter(workspace: string): void {
  try {
    process.chdir(workspace);
  } catch (cause) {
    throw new StartError('WORKSPACE_UNUSABLE', `The workspace ${workspace} cannot be entered.`, { cause });
  }
}
