import type { Fault } from '../errors/domain-error.js';
import type { Manifest } from './manifest.js';

type FieldCheck = (manifest: Manifest) => boolean;

/**
 * What the schema knows and this Muster does not act on: refused, never ignored. Whoever makes a field work takes its
 * line out.
 */
const NOT_YET: readonly (readonly [pointer: string, is: FieldCheck, what: string])[] = [
  ['/command', ({ command }) => command !== undefined, 'command'],
  ['/args', ({ args }) => args !== undefined, 'args'],
  ['/env', ({ env = [] }) => env.length > 0, 'env'],
  ['/ports', ({ ports = [] }) => ports.length > 0, 'ports'],
  ['/network', ({ network }) => network !== undefined && network.mode !== 'none', 'a network other than none'],
  ['/runMode', ({ runMode }) => runMode !== undefined, 'runMode'],
  ['/profile', ({ profile }) => profile !== undefined, 'profile'],
  ['/mounts', ({ mounts = [] }) => mounts.length > 0, 'mounts'],
  ['/writablePaths', ({ writablePaths = [] }) => writablePaths.length > 0, 'writablePaths'],
  ['/hooks', ({ hooks = {} }) => Object.keys(hooks).length > 0, 'hooks'],
  ['/health/kind', ({ health }) => health !== undefined && health.kind !== 'agent', 'a health check other than agent'],
  ['/stopSignal', ({ stopSignal }) => stopSignal !== undefined, 'stopSignal'],
  ['/preStop', ({ preStop }) => preStop !== undefined, 'preStop'],
];

export function manifestGaps(manifest: Manifest): readonly Fault[] {
  return NOT_YET.filter(([, is]) => is(manifest)).map(([pointer, , what]) => ({
    pointer,
    detail: `${what} is part of the manifest, but this Muster does not act on it yet: leave it out`,
  }));
}
