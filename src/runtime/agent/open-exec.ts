import type { Duplex } from 'node:stream';
import { AgentExecSession } from './agent-exec-session.js';
import { EXEC_PROTOCOL } from './agent-protocol.js';
import { upgradeStream } from './upgrade-stream.js';

const OPEN_TIMEOUT_MS = 2_000;
const LENGTH_BYTES = 4;

export interface AgentProgram {
  readonly command: readonly string[];
  /** On top of the container's environment. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Has an agent-server start a program, over a stream of its own. It is told what only once it has said that it can: where this throws, nothing was
 * started.
 * @param isRunning does the container still run?
 * @throws AgentUnreachableError when it cannot
 */
export async function openExec(
  container: string,
  stream: Duplex,
  program: AgentProgram,
  isRunning: () => Promise<boolean>,
): Promise<AgentExecSession> {
  const upgraded = await upgradeStream(container, stream, {
    path: '/v1/exec',
    protocol: EXEC_PROTOCOL,
    timeoutMs: OPEN_TIMEOUT_MS,
  });
  const request = Buffer.from(JSON.stringify({ command: program.command, env: program.env }));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(request.length);
  upgraded.write(Buffer.concat([length, request]));
  return new AgentExecSession(container, upgraded, isRunning);
}
