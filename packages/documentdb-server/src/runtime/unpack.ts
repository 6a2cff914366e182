import { availableParallelism } from 'node:os';
import { stat } from 'node:fs/promises';
import { RuntimeUnavailableError } from '../errors.js';
import { runCommand } from './run-command.js';

/** Folders that only people and compilers read. */
const LEFT_OUT = [
  './usr/share/doc',
  './usr/share/man',
  './usr/share/locale',
  './usr/share/info',
  './usr/share/lintian',
  './usr/share/bug',
  './usr/lib/postgresql/18/lib/bitcode',
  './usr/include',
];

/** Unpacks package files into `root`, as many at once as there are processors. Package scripts are not run. */
export async function unpack(packages: readonly string[], root: string): Promise<void> {
  const sizes = new Map<string, number>();
  for (const path of packages) sizes.set(path, (await stat(path)).size);
  // The largest first, so that no core is left with a long one at the end.
  const queue = [...packages].sort((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0));
  const excludes = LEFT_OUT.map((path) => `--exclude=${path}`);
  const worker = async (): Promise<void> => {
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      await runCommand('sh', [
        '-c',
        // pipefail is not in every sh, and a broken package leaves tar with a broken archive anyhow
        'package=$1; root=$2; shift 2; dpkg-deb --fsys-tarfile "$package" | tar --extract --no-same-owner --no-same-permissions --directory "$root" "$@"',
        'sh',
        path,
        root,
        ...excludes,
      ]);
    }
  };
  try {
    await Promise.all(Array.from({ length: availableParallelism() }, worker));
  } catch (error) {
    throw new RuntimeUnavailableError(
      'unpack-failed',
      `A downloaded package could not be unpacked: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}
