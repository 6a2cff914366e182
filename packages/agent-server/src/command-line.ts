import { SOCKET_FOLDER, SOCKET_NAME } from './protocol.js';
import { StartError } from './errors.js';

/** How the bundle is told, by itself, that it is a render worker. Nobody else uses it. */
export const RENDER_COMMAND = 'render-worker';

export const DEFAULT_RENDER_TIMEOUT_MS = 2_000;
const MAX_RENDER_TIMEOUT_MS = 600_000;

export const USAGE = `Usage: agent-server [serve|bridge] [--socket <path>] | --version | --help

  serve   listens on the socket (the default)
  bridge  connects stdin and stdout with the socket of a serving one

  --socket <path>           default: MUSTER_SOCKET, then ${SOCKET_FOLDER}/${SOCKET_NAME}
  MUSTER_RENDER_TIMEOUT_MS  how long a system prompt may take to render; default ${DEFAULT_RENDER_TIMEOUT_MS}
`;

export interface ServeCommand {
  readonly name: 'serve';
  readonly socketPath: string;
  readonly renderTimeoutMs: number;
}

export type Command =
  | { readonly name: 'version' }
  | { readonly name: 'help' }
  | { readonly name: 'bridge'; readonly socketPath: string }
  | ServeCommand;

/** @throws StartError USAGE when it says something that can't be understood */
export function readCommandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Command {
  if (args.includes('--version')) return { name: 'version' };
  if (args.includes('--help') || args.includes('-h')) return { name: 'help' };
  const words: string[] = [];
  let socketPath = environment['MUSTER_SOCKET'] ?? `${SOCKET_FOLDER}/${SOCKET_NAME}`;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--socket') socketPath = args[++at] ?? '';
    else if (arg.startsWith('--socket=')) socketPath = arg.slice('--socket='.length);
    else if (arg.startsWith('-')) throw new StartError('USAGE', `Unknown option ${arg}. ${USAGE}`);
    else words.push(arg);
  }
  if (socketPath === '') throw new StartError('USAGE', `The socket's path is empty. ${USAGE}`);
  if (words.length > 1) throw new StartError('USAGE', `One command at a time, not: ${words.join(' ')}. ${USAGE}`);
  const [name = 'serve'] = words;
  if (name === 'bridge') return { name, socketPath };
  if (name === 'serve') {
    return { name, socketPath, renderTimeoutMs: readRenderTimeout(environment['MUSTER_RENDER_TIMEOUT_MS']) };
  }
  throw new StartError('USAGE', `Unknown command ${name}. ${USAGE}`);
}

function readRenderTimeout(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_RENDER_TIMEOUT_MS;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > MAX_RENDER_TIMEOUT_MS) {
    throw new StartError(
      'USAGE',
      `MUSTER_RENDER_TIMEOUT_MS must be a whole number of milliseconds from 1 to ${MAX_RENDER_TIMEOUT_MS}, not "${text}".`,
    );
  }
  return value;
}
