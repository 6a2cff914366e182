import { createInterface } from 'node:readline';
import { DocumentDbServerError, RuntimeUnavailableError } from './errors.js';
import { EmbeddedServer } from './embedded-server.js';
import type { ServerMessage, ServerOptions } from './server-messages.js';

/**
 * The server process. It reads its options from stdin and then ends, in order, as soon as stdin closes: that is how it learns that
 * its parent is gone, however that died.
 */
const parentGone = new Promise<void>((resolve) => {
  process.stdin.once('end', resolve);
  process.stdin.once('close', resolve);
});

const lines = createInterface({ input: process.stdin });
lines.once('line', (line) => {
  void main(JSON.parse(line) as ServerOptions);
});
// A Ctrl-C or a service manager's signal to the whole group is the parent's to act on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
// The parent may be gone before the last word is out.
process.stdout.on('error', () => undefined);

async function main(options: ServerOptions): Promise<void> {
  let server: EmbeddedServer;
  try {
    server = await EmbeddedServer.start(options, (line) => {
      tell({ kind: 'progress', line });
    });
  } catch (error) {
    tell(failure(error));
    process.exitCode = 1;
    process.stdin.destroy();
    return;
  }
  tell({ kind: 'ready', port: server.port, password: server.password });
  await Promise.race([parentGone, server.ended]);
  await server.stop();
  process.exit(0);
}

function tell(message: ServerMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function failure(error: unknown): ServerMessage {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof DocumentDbServerError)) return { kind: 'failed', code: 'SERVER_START_FAILED', message };
  return {
    kind: 'failed',
    code: error.code,
    message,
    ...(error instanceof RuntimeUnavailableError ? { obstacle: error.obstacle } : {}),
  };
}
