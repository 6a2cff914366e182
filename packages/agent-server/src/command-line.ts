import { isIPv4 } from 'node:net';
import { NAMES_VARIABLE, SECRETS_FOLDER, SOCKET_FOLDER, SOCKET_NAME } from './protocol.js';
import { StartError } from './errors.js';

/** How the bundle is told, by itself, that it is a render worker. Nobody else uses it. */
export const RENDER_COMMAND = 'render-worker';

const OPTIONS: readonly string[] = ['--socket', '--workspace', '--files', '--secrets'];

const DEFAULT_FILES = '/workspace';

export const DEFAULT_RENDER_TIMEOUT_MS = 2_000;
const MAX_RENDER_TIMEOUT_MS = 600_000;
const LAST_PORT = 65_535;

export const USAGE = `Usage: agent-server [serve|bridge] [--socket <path>] [--workspace <path>] [--files <path>]
                    [--secrets <path>] | --version | --help

  serve   listens on the socket (the default)
  bridge  connects stdin and stdout with the socket of a serving one

  --socket <path>           default: MUSTER_SOCKET, then ${SOCKET_FOLDER}/${SOCKET_NAME}
  --workspace <path>        serve: the folder it works in once it listens; default: MUSTER_WORKSPACE, then where it
                            was started. A system prompt's process.cwd() is this
  --files <path>            serve: the folder whose files it serves; default: MUSTER_FILES, then the workspace, then
                            ${DEFAULT_FILES}
  --secrets <path>          serve: the folder in memory that secrets are put into; default: MUSTER_SECRETS, then
                            ${SECRETS_FOLDER}
  ${NAMES_VARIABLE}              serve: <address>:<port> at which programs ask for names, over DNS; default: nowhere
  MUSTER_RENDER_TIMEOUT_MS  how long a system prompt may take to render; default ${DEFAULT_RENDER_TIMEOUT_MS}
`;

export interface ServeCommand {
  readonly name: 'serve';
  readonly socketPath: string;
  /** null: stay where it was started. */
  readonly workspace: string | null;
  /** The folder whose files it serves. */
  readonly files: string;
  /** The folder that secrets are put into. */
  readonly secrets: string;
  readonly renderTimeoutMs: number;
  /** Where it answers what addresses names have; null: nowhere. */
  readonly names: { readonly host: string; readonly port: number } | null;
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
  const { words, options } = readOptions(args);
  const socketPath = options.get('--socket') ?? environment['MUSTER_SOCKET'] ?? `${SOCKET_FOLDER}/${SOCKET_NAME}`;
  if (socketPath === '') throw new StartError('USAGE', `The socket's path is empty. ${USAGE}`);
  if (words.length > 1) throw new StartError('USAGE', `One command at a time, not: ${words.join(' ')}. ${USAGE}`);
  const [name = 'serve'] = words;
  if (name === 'bridge') return { name, socketPath };
  if (name !== 'serve') throw new StartError('USAGE', `Unknown command ${name}. ${USAGE}`);
  const workspace = options.get('--workspace') ?? environment['MUSTER_WORKSPACE'] ?? '';
  return {
    name,
    socketPath,
    workspace: workspace === '' ? null : workspace,
    files: options.get('--files') ?? environment['MUSTER_FILES'] ?? (workspace === '' ? DEFAULT_FILES : workspace),
    secrets: options.get('--secrets') ?? environment['MUSTER_SECRETS'] ?? SECRETS_FOLDER,
    renderTimeoutMs: readRenderTimeout(environment['MUSTER_RENDER_TIMEOUT_MS']),
    names: readNames(environment[NAMES_VARIABLE]),
  };
}

/** Options with their values, as `--name value` or `--name=value`, and the words between them. */
function readOptions(args: readonly string[]): { words: string[]; options: Map<string, string> } {
  const words: string[] = [];
  const options = new Map<string, string>();
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (!arg.startsWith('-')) {
      words.push(arg);
      continue;
    }
    const [option = '', ...rest] = arg.split('=');
    if (!OPTIONS.includes(option)) throw new StartError('USAGE', `Unknown option ${option}. ${USAGE}`);
    options.set(option, rest.length > 0 ? rest.join('=') : (args[++at] ?? ''));
  }
  return { words, options };
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

function readNames(text: string | undefined): ServeCommand['names'] {
  if (text === undefined || text === '') return null;
  const [, host = '', digits = ''] = /^(127(?:\.\d{1,3}){3}):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (isIPv4(host) && port > 0 && port <= LAST_PORT) return { host, port };
  throw new StartError(
    'USAGE',
    `${NAMES_VARIABLE} must be a loopback address and a port, as in 127.0.0.1:53, not "${text}".`,
  );
}
