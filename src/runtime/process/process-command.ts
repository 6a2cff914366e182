import { dirname } from 'node:path';
import type { RuntimeSpec } from '../../domain/runtime/runtime-spec.js';
import { SOCKET_NAME } from '../agent/agent-protocol.js';
import { processPrelude } from './process-prelude.js';

/**
 * The agent's socket, told by way of its working folder, which is its private folder: so it works below folders that the
 * agent's user may not enter (a checkout in root's home, say), and no path is too long for a socket.
 */
const SOCKET = process.platform === 'linux' ? `/proc/self/cwd/${SOCKET_NAME}` : SOCKET_NAME;
const PRIVATE_FOLDER = process.platform === 'linux' ? '/proc/self/cwd' : '.';

/**
 * Which of the agent's handles its workspace is, which is handed over opened: so its files are served below folders too that
 * its user may not enter. Whatever else is opened by way of a handle was opened under the same permissions.
 */
export const WORKSPACE_HANDLE = 3;
const HANDLES = process.platform === 'linux' ? '/proc/self/fd' : '.';

/** Node's arguments for an agent-server that may read and write its two folders, and start threads but no programs. */
export function processArguments(spec: RuntimeSpec, bundle: string, maxLogBytes: number): string[] {
  const writable = [PRIVATE_FOLDER, spec.privateFolder, spec.workspaceFolder, HANDLES];
  return [
    ...permissionFlags(Number(process.versions.node.split('.')[0])),
    // Node adds the asterisk itself only for folders that the agent's user can see.
    // Named twice, a folder makes Node 20 abort.
    ...[...new Set([dirname(bundle), ...writable])].map((folder) => `--allow-fs-read=${folder}/*`),
    ...[...new Set(writable)].map((folder) => `--allow-fs-write=${folder}/*`),
    `--max-old-space-size=${spec.limits.memoryMiB}`,
    '--import',
    processPrelude(maxLogBytes),
    bundle,
    'serve',
    '--socket',
    SOCKET,
    '--files',
    process.platform === 'linux' ? `${HANDLES}/${WORKSPACE_HANDLE}` : spec.workspaceFolder,
  ];
}

/** Nothing of Muster's own environment reaches an agent. */
export function processEnvironment(spec: RuntimeSpec): NodeJS.ProcessEnv {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    ...spec.env,
    ...(spec.env?.['WORKSPACE_PATH'] === undefined ? {} : { WORKSPACE_PATH: spec.workspaceFolder }),
    HOME: spec.workspaceFolder,
  };
}

function permissionFlags(major: number): string[] {
  const quiet = ['--disable-warning=ExperimentalWarning', '--disable-warning=SecurityWarning'];
  if (major < 24) return ['--experimental-permission', '--allow-worker', ...quiet];
  // From 25 on the model covers the network too, Unix sockets among it, without which an agent could not listen.
  return ['--permission', '--allow-worker', ...(major >= 25 ? ['--allow-net'] : []), ...quiet];
}
