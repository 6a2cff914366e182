import { AgentUnreachableError, RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { SOCKET_FOLDER, SOCKET_NAME } from '../agent/agent-protocol.js';
import { BridgeStream } from './bridge-stream.js';
import type { EngineClient } from './engine-client.js';

const BRIDGE = ['node', '/opt/muster/agent-server.mjs', 'bridge', '--socket', `${SOCKET_FOLDER}/${SOCKET_NAME}`];

/**
 * Connects to agent.sock from inside the container, by a small program started beside the agent.
 * @throws AgentUnreachableError when the container does not run, RuntimeError unavailable, timeout
 */
export async function openExecBridge(engine: EngineClient, container: string): Promise<BridgeStream> {
  try {
    return await engine.call({
      what: `start a bridge in container ${container}`,
      run: async (docker) => {
        const options = {
          Cmd: BRIDGE,
          AttachStdin: true,
          AttachStdout: true,
          AttachStderr: true,
          Tty: false,
        };
        const exec = await docker.getContainer(container).exec(options);
        return new BridgeStream(await exec.start({ hijack: true, stdin: true, Tty: false }));
      },
      meaning: { 409: 'not-found' },
    });
  } catch (cause) {
    if (cause instanceof RuntimeError && ['not-found', 'refused'].includes(cause.failure)) {
      throw new AgentUnreachableError(container, { cause });
    }
    throw cause;
  }
}
