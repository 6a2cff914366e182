import { ValidateBy } from 'class-validator';
import { posix } from 'node:path';
import { textFault } from '../is-text.decorator.js';

/** Where agents find it. */
export const WORKSPACE = '/workspace';
const LONGEST_PATH = 4096;

/** A path in the workspace, absolute or from there on. */
export function IsWorkspacePath(): PropertyDecorator {
  return ValidateBy({
    name: 'isWorkspacePath',
    validator: {
      validate: (value: unknown) => faultOf(value) === null,
      defaultMessage: (asked) => faultOf(asked?.value) ?? 'must be a path',
    },
  });
}

function faultOf(value: unknown): string | null {
  const fault = textFault(value, { maxBytes: LONGEST_PATH, minLength: 1 });
  if (fault !== null) return fault;
  const path = posix.resolve(WORKSPACE, value as string);
  return path === WORKSPACE || path.startsWith(`${WORKSPACE}/`) ? null : `must lie in ${WORKSPACE}`;
}
