import { connect, type Socket } from 'node:net';

/** A program may listen on either; most listen on the first or on both. */
const ADDRESSES = ['127.0.0.1', '::1'] as const;

/**
 * A connection to what listens on that port of the container's own loopback, and nowhere else.
 * @throws Error with the system's code, ECONNREFUSED when nothing listens; the signal's reason
 */
export async function connectLoopback(port: number, signal: AbortSignal): Promise<Socket> {
  let failure: unknown;
  for (const host of ADDRESSES) {
    signal.throwIfAborted();
    try {
      return await dial(port, host, signal);
    } catch (error) {
      // What the first one says counts: not every container has the other address.
      failure ??= error;
    }
  }
  signal.throwIfAborted();
  throw failure;
}

function dial(port: number, host: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Each side may say that it has said all, and go on listening.
    const socket = connect({ port, host, allowHalfOpen: true });
    const giveUp = (): void => {
      socket.destroy();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    socket.once('connect', () => {
      signal.removeEventListener('abort', giveUp);
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error) => {
      signal.removeEventListener('abort', giveUp);
      reject(error);
    });
  });
}
