import { ValidateBy } from 'class-validator';
import { jsonFaults } from '../../../domain/json-faults.js';
import { toolListFault } from '../../../domain/templates/tools.js';
import { JSON_MAX_DEPTH } from '../../../domain/templates/limits.js';

/** A list of tools as daemon/v1 writes them, taken as given. */
export function IsToolList(): PropertyDecorator {
  const fault = (value: unknown): string | null => {
    const [first] = jsonFaults(value, JSON_MAX_DEPTH);
    return first === undefined ? toolListFault(value) : `is not plain JSON at ${first.pointer}: ${first.detail}`;
  };
  return ValidateBy({
    name: 'isToolList',
    validator: {
      validate: (value: unknown) => fault(value) === null,
      defaultMessage: (asked) => fault(asked?.value) ?? 'must be a list of tools',
    },
  });
}
