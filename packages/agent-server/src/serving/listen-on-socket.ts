import { lstat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { StartError } from '../errors.js';

/** Files are made with this mode taken away from them: nobody but the owner may connect. */
const OWNER_ONLY_UMASK = 0o177;

/**
 * Listens on the path. A socket file that a killed predecessor left is removed; anything else that stands there stays.
 * @throws StartError SOCKET_IN_USE, SOCKET_PATH_OCCUPIED, SOCKET_UNUSABLE
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  // Listening first and looking only when that fails keeps the usual start short.
  try {
    await listen(server, path);
    return;
  } catch (error) {
    if (errorCode(error) !== 'EADDRINUSE') throw unusable(path, error);
  }
  await removeStaleSocket(path);
  try {
    await listen(server, path);
  } catch (error) {
    throw unusable(path, error);
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // The socket is bound within listen(), so the mode is right from its first moment on.
    const before = process.umask(OWNER_ONLY_UMASK);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    throw unusable(path, error);
  });
  if (!found.isSocket()) {
    throw new StartError(
      'SOCKET_PATH_OCCUPIED',
      `${path} is not a socket; it is left alone. Remove it, or use --socket.`,
    );
  }
  if (await answers(path)) {
    throw new StartError('SOCKET_IN_USE', `Another agent-server answers at ${path}. Stop it, or use --socket.`);
  }
  await unlink(path).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw unusable(path, error);
  });
}

/** Only a refused connection shows that nobody is there: everything else may be somebody busy. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.on('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', (error) => {
      resolve(errorCode(error) !== 'ECONNREFUSED' && errorCode(error) !== 'ENOENT');
    });
  });
}

function unusable(path: string, cause: unknown): StartError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new StartError('SOCKET_UNUSABLE', `Cannot listen on ${path}: ${why}`, { cause });
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
