import { ValidateBy } from 'class-validator';
import { textFault } from '../is-text.decorator.js';

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
/** Muster's own. */
const RESERVED = 'MUSTER_';
const MOST_VARIABLES = 64;
const MOST_BYTES = 32 * 1024;

/** Environment variables with their values. */
export function IsEnvironment(): PropertyDecorator {
  return ValidateBy({
    name: 'isEnvironment',
    validator: {
      validate: (value: unknown) => faultOf(value) === null,
      defaultMessage: (asked) => faultOf(asked?.value) ?? 'must be an object of texts',
    },
  });
}

function faultOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be an object of texts';
  const variables: [string, unknown][] = Object.entries(value);
  if (variables.length > MOST_VARIABLES) return `must not have more than ${MOST_VARIABLES} variables`;
  for (const [name, text] of variables) {
    if (!NAME.test(name)) return 'has a name that is not letters, digits and underscores, or begins with a digit';
    if (name.startsWith(RESERVED)) return `must not set ${name}: names that begin with ${RESERVED} are reserved`;
    const fault = textFault(text, { maxBytes: MOST_BYTES });
    if (fault !== null) return `${name} ${fault}`;
  }
  const bytes = variables.reduce((sum, [name, text]) => sum + name.length + Buffer.byteLength(text as string), 0);
  return bytes > MOST_BYTES ? `must be at most ${MOST_BYTES} bytes long in all (UTF-8)` : null;
}
