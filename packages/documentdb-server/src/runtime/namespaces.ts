import { CommandFailedError, RuntimeUnavailableError } from '../errors.js';
import { runCommand } from './run-command.js';

/** A program and its arguments. */
export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
}

const ENTER = `
root=$1; data=$2; shift 2
mount --rbind /dev "$root/dev" && mount --bind "$data" "$root/data" || exit 125
exec unshare --user --map-user=1000 --map-group=1000 --root="$root" --wd=/ -- "$@"
`;

/**
 * The command line that runs a program inside `root` with `dataDir` as /data, without rights on the host.
 *
 * Two user namespaces, one in the other: as root of the outer one the mounts can be made, and in the inner one the program has uid
 * 1000, because PostgreSQL refuses to be root. Every step is an exec, so the program is the caller's own child process, and
 * setpriv has the kernel send it SIGINT (an orderly, fast shutdown of PostgreSQL) when the caller dies, however it dies.
 */
export function inNamespaces(root: string, dataDir: string, program: readonly string[]): CommandLine {
  return {
    command: 'setpriv',
    args: [
      '--pdeathsig',
      'INT',
      'unshare',
      '--user',
      '--map-root-user',
      '--mount',
      'sh',
      '-c',
      ENTER,
      'sh',
      root,
      dataDir,
      ...program,
    ],
  };
}

/** @throws RuntimeUnavailableError when this machine does not let this user make namespaces */
export async function requireNamespaces(): Promise<void> {
  try {
    await runCommand('unshare', [
      '--user',
      '--map-root-user',
      '--mount',
      'unshare',
      '--user',
      '--map-user=1000',
      '--map-group=1000',
      'sh',
      '-c',
      ':',
    ]);
    await runCommand('setpriv', ['--pdeathsig', 'INT', 'sh', '-c', ':']);
  } catch (error) {
    if (error instanceof CommandFailedError && error.exitCode === 'ENOENT') {
      throw new RuntimeUnavailableError(
        'tool-missing',
        `The program ${error.command} (package util-linux) is not there.`,
      );
    }
    throw new RuntimeUnavailableError(
      'no-user-namespaces',
      `User namespaces cannot be made here (a container's security profile, or a kernel setting such as kernel.apparmor_restrict_unprivileged_userns, may forbid it): ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}
