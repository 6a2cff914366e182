import { ValidateBy } from 'class-validator';

interface TextRules {
  /** In characters (code points). @default 0 */
  readonly minLength?: number;
  /** What it has to look like, and how to say so: `must be …`. */
  readonly pattern?: { readonly expression: RegExp; readonly rule: string };
  /** The property is a list of such texts. */
  readonly each?: boolean;
}

/** Its largest size, in bytes of UTF-8 or in characters (code points). */
export type TextLimits = TextRules & ({ readonly maxBytes: number } | { readonly maxLength: number });

/** A text within its limits that any store gives back as it was: no NUL, no half characters. One fault at most. */
export function IsText(limits: TextLimits): PropertyDecorator {
  const { each = false } = limits;
  const faultOfAll = (value: unknown): string | null => {
    if (!each) return textFault(value, limits);
    if (!Array.isArray(value)) return 'must be a list of texts';
    const faults = value.map((item) => textFault(item, limits));
    const index = faults.findIndex((found) => found !== null);
    return index < 0 ? null : `number ${index} ${faults[index] ?? ''}`;
  };
  return ValidateBy({
    name: 'isText',
    validator: {
      validate: (value: unknown) => faultOfAll(value) === null,
      defaultMessage: (asked) => faultOfAll(asked?.value) ?? 'must be a text',
    },
  });
}

/** What is wrong with a text; null when nothing is. */
export function textFault(value: unknown, limits: TextLimits): string | null {
  if (typeof value !== 'string') return 'must be a text';
  if (value.length < (limits.minLength ?? 0)) return 'must not be empty';
  if ('maxBytes' in limits) {
    if (Buffer.byteLength(value, 'utf8') > limits.maxBytes)
      return `must be at most ${limits.maxBytes} bytes long (UTF-8)`;
  } else if (isLongerThan(value, limits.maxLength)) return `must be at most ${limits.maxLength} characters long`;
  if (value.includes('\u0000')) return 'must not contain the character U+0000';
  if (!value.isWellFormed()) return 'has an unpaired surrogate (half a character)';
  return limits.pattern === undefined || limits.pattern.expression.test(value) ? null : limits.pattern.rule;
}

/** A code point is one or two of a string's units. */
function isLongerThan(value: string, most: number): boolean {
  if (value.length <= most) return false;
  return value.length > 2 * most || Array.from(value).length > most;
}
