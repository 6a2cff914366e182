/** Where an agent finds its workspace, and how its files are named towards users. */
export const WORKSPACE = '/workspace';

/** In bytes of UTF-8. */
const LONGEST_PATH = 4096;
const DEEPEST = 64;

/** What is wrong with a path as users give it, or null. */
export function workspacePathFault(path: unknown): string | null {
  if (typeof path !== 'string') return 'must be a path';
  if (path !== WORKSPACE && !path.startsWith(`${WORKSPACE}/`)) return `must be ${WORKSPACE} or lie below it`;
  if (path.length > LONGEST_PATH || new TextEncoder().encode(path).length > LONGEST_PATH) {
    return `must be at most ${LONGEST_PATH} bytes long (UTF-8)`;
  }
  if (path.includes('\u0000')) return 'must not contain the character U+0000';
  if (!path.isWellFormed()) return 'has an unpaired surrogate (half a character)';
  const names = namesOf(path);
  if (names.includes('..')) return 'must not contain ".."';
  return names.length > DEEPEST ? `must have at most ${DEEPEST} names below ${WORKSPACE}` : null;
}

/** Without the workspace's own name, doubled slashes and `.`; empty for the workspace itself. */
export const relativePath = (path: string): string => namesOf(path).join('/');

export const absolutePath = (relative: string): string => (relative === '' ? WORKSPACE : `${WORKSPACE}/${relative}`);

const namesOf = (path: string): string[] =>
  path
    .slice(WORKSPACE.length)
    .split('/')
    .filter((name) => name !== '' && name !== '.');
