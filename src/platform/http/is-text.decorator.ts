import { ValidateBy } from 'class-validator';

export interface TextLimits {
  readonly maxBytes: number;
  /** @default 0 */
  readonly minLength?: number;
  /** The property is a list of such texts. */
  readonly each?: boolean;
}

/** A text of at most `maxBytes` bytes of UTF-8 that any store gives back as it was: no NUL, no half characters. */
export function IsText({ maxBytes, minLength = 0, each = false }: TextLimits): PropertyDecorator {
  const fault = (value: unknown): string | null => {
    if (typeof value !== 'string') return 'must be a text';
    if (value.length < minLength) return 'must not be empty';
    if (Buffer.byteLength(value, 'utf8') > maxBytes) return `must be at most ${maxBytes} bytes long (UTF-8)`;
    if (value.includes('\u0000')) return 'must not contain the character U+0000';
    return value.isWellFormed() ? null : 'has an unpaired surrogate (half a character)';
  };
  const faultOfAll = (value: unknown): string | null => {
    if (!each) return fault(value);
    if (!Array.isArray(value)) return 'must be a list of texts';
    const faults = value.map((item) => fault(item));
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
