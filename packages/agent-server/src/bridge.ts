import { connect } from 'node:net';
import { StartError } from './errors.js';
import { exitWithError } from './exit-with-error.js';

/**
 * Connects stdin and stdout with the agent's socket, byte for byte, for an engine on another host: one connection each
 * bridge. Ends when either side ends.
 */
export function bridge(socketPath: string): void {
  const socket = connect(socketPath);
  let connected = false;
  socket.on('connect', () => {
    connected = true;
    process.stdin.pipe(socket);
    socket.pipe(process.stdout, { end: false });
  });
  socket.on('error', (cause) => {
    if (connected) return; // 'close' follows
    exitWithError(
      new StartError('SOCKET_UNREACHABLE', `No agent-server answers at ${socketPath}: ${cause.message}`, { cause }),
    );
  });
  socket.on('close', () => {
    // an empty write's callback comes after everything before it was written
    process.stdout.write('', () => process.exit(0));
  });
  process.stdin.on('end', () => socket.destroy());
  process.stdin.on('error', () => socket.destroy());
  process.stdout.on('error', () => process.exit(0));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));
}
