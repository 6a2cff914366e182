/** Is it that path, or one below it? */
export const isBelow = (path: string, above: string): boolean => path === above || path.startsWith(`${above}/`);

/** Nothing is put there, nor anywhere below. */
const SYSTEM_TREES: readonly string[] = [
  ...['/proc', '/sys', '/dev', '/boot', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/usr', '/etc'],
  ...['/opt/muster', '/run/muster', '/run/secrets', '/var/run'],
];

/** Nothing is put over them as a whole; below them something may be. */
const SYSTEM_FOLDERS: readonly string[] = [
  ...['/', '/var', '/var/lib', '/run', '/opt', '/home', '/root', '/mnt', '/media', '/srv', '/tmp', '/workspace'],
];

/** Would something put there hide what the image or Muster has there? */
export const isSystemPath = (path: string): boolean =>
  SYSTEM_FOLDERS.includes(path) || SYSTEM_TREES.some((tree) => isBelow(path, tree));
