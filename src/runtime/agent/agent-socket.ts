import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentSocketUnsafeError, AgentUnreachableError } from '../../domain/runtime/runtime-errors.js';
import { SOCKET_NAME } from './agent-protocol.js';

/** Linux's O_PATH, which Node does not name: a handle on the thing itself, whatever it is, without opening it. */
const O_PATH = 0o10000000;

const DIAL_TIMEOUT_MS = 2000;
const FOREIGN = "somebody else's socket";
/** gVisor makes a socket on the host as root, and gives it to the agent's user right after. In milliseconds. */
const HANDED_OVER_MS = 50;
/** Files on their way: one piece can be on its way while the next is fetched. */
const AHEAD = { readableHighWaterMark: 256 * 1024, writableHighWaterMark: 256 * 1024 };

/**
 * Connects to agent.sock. The folder belongs to the agent, which can put a link there that leads to any socket of the
 * host. So the entry is pinned by O_PATH without following a link, found to be a socket of the agent's own, and connected
 * to through the pinned handle: what the agent does to the name meanwhile changes nothing, and the path cannot be too long
 * for a socket.
 *
 * @throws AgentUnreachableError when nothing listens (yet), AgentSocketUnsafeError when it is not the agent's socket
 */
export async function dialAgentSocket(
  container: string,
  privateFolder: string,
  { allowHalfOpen = false } = {},
): Promise<Socket> {
  const path = join(privateFolder, SOCKET_NAME);
  // Muster made the folder, and gave it to the user whom the agent runs as.
  const owner = statOf(container, () => lstatSync(privateFolder)).uid;
  if (process.platform !== 'linux') {
    // No O_PATH. Only the process runtime comes here, which is no boundary in the first place.
    const found = describe(
      statOf(container, () => lstatSync(path)),
      owner,
    );
    if (found !== null) throw new AgentSocketUnsafeError(container, found);
    return dial(container, path, allowHalfOpen);
  }
  const handle = statOf(container, () => openSync(path, O_PATH | constants.O_NOFOLLOW));
  try {
    let found = describe(fstatSync(handle), owner);
    if (found === FOREIGN) {
      await sleep(HANDED_OVER_MS);
      found = describe(fstatSync(handle), owner);
    }
    if (found !== null) throw new AgentSocketUnsafeError(container, found);
    return await dial(container, `/proc/self/fd/${handle}`, allowHalfOpen);
  } finally {
    closeSync(handle);
  }
}

/** What it is when it is not a socket that the folder's owner made there, else null. */
function describe(stats: Stats, owner: number): string | null {
  if (stats.isSocket()) {
    if (stats.uid !== owner) return FOREIGN;
    // A hard link: the socket was made elsewhere.
    return stats.nlink > 1 ? 'a socket with another name beside' : null;
  }
  if (stats.isSymbolicLink()) return 'a symbolic link';
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFile()) return 'a file';
  if (stats.isFIFO()) return 'a named pipe';
  return 'a device';
}

function statOf<T>(container: string, look: () => T): T {
  try {
    return look();
  } catch (cause) {
    throw new AgentUnreachableError(container, { cause });
  }
}

function dial(container: string, path: string, allowHalfOpen: boolean): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen, ...AHEAD });
    const giveUp = setTimeout(() => {
      socket.destroy();
      reject(new AgentUnreachableError(container));
    }, DIAL_TIMEOUT_MS);
    socket.once('connect', () => {
      clearTimeout(giveUp);
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (cause) => {
      clearTimeout(giveUp);
      reject(new AgentUnreachableError(container, { cause }));
    });
  });
}
