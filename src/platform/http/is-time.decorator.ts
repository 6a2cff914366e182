import { ValidateBy } from 'class-validator';

/** RFC 3339's date-time: nothing that Date would read in another way on another day or machine. */
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** A time as a text, RFC 3339, which stays a text. */
export function IsTime({ future = false }: { readonly future?: boolean } = {}): PropertyDecorator {
  const fault = (value: unknown): string | null => {
    const time = typeof value === 'string' && DATE_TIME.test(value) ? Date.parse(value) : Number.NaN;
    if (Number.isNaN(time)) return 'must be a time in ISO 8601, such as 2027-01-01T00:00:00.000Z';
    return future && time <= Date.now() ? 'must lie in the future' : null;
  };
  return ValidateBy({
    name: 'isTime',
    validator: {
      validate: (value: unknown) => fault(value) === null,
      defaultMessage: (asked) => fault(asked?.value) ?? 'must be a time in ISO 8601',
    },
  });
}
