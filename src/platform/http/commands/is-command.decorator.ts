import { ValidateBy } from 'class-validator';
import { textFault } from '../is-text.decorator.js';

const LONGEST_BYTES = 64 * 1024;
const MOST_ARGUMENTS = 256;

/** A program with its arguments, or a text for a shell. */
export function IsCommand(): PropertyDecorator {
  return ValidateBy({
    name: 'isCommand',
    validator: {
      validate: (value: unknown) => faultOf(value) === null,
      defaultMessage: (asked) => faultOf(asked?.value) ?? 'must be a command',
    },
  });
}

function faultOf(value: unknown): string | null {
  if (typeof value === 'string') return textFault(value, { maxBytes: LONGEST_BYTES, minLength: 1 });
  if (!Array.isArray(value)) return 'must be a text, or a list of texts';
  if (value.length === 0 || value[0] === '') return 'must name a program';
  if (value.length > MOST_ARGUMENTS) return `must not have more than ${MOST_ARGUMENTS} arguments`;
  const faults = value.map((item: unknown) => textFault(item, { maxBytes: LONGEST_BYTES }));
  const index = faults.findIndex((fault) => fault !== null);
  if (index >= 0) return `number ${index} ${faults[index] ?? ''}`;
  const bytes = value.reduce((sum: number, item) => sum + Buffer.byteLength(item as string), 0);
  return bytes > LONGEST_BYTES ? `must be at most ${LONGEST_BYTES} bytes long in all (UTF-8)` : null;
}
