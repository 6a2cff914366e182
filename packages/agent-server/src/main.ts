/**
 * The program. Everything but reading the command line is loaded when it is needed: a container's first answer waits for
 * what is imported here. The bundle is one file, so a render worker enters here too.
 */
import { readCommandLine, RENDER_COMMAND, USAGE } from './command-line.js';
import { exitWithError } from './exit-with-error.js';
import { AGENT_SERVER_VERSION } from './version.js';

async function main(): Promise<void> {
  if (process.argv[2] === RENDER_COMMAND) {
    const { renderInWorker } = await import('./rendering/render-worker.js');
    await renderInWorker();
    return;
  }
  const command = readCommandLine(process.argv.slice(2), process.env);
  switch (command.name) {
    case 'version':
      process.stdout.write(`${AGENT_SERVER_VERSION}\n`);
      return;
    case 'help':
      process.stdout.write(USAGE);
      return;
    case 'bridge': {
      const { bridge } = await import('./bridge.js');
      bridge(command.socketPath);
      return;
    }
    case 'serve': {
      const { serve } = await import('./serving/serve.js');
      await serve(command);
      return;
    }
  }
}

main().catch(exitWithError);
