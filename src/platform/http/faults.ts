import type { ValidationError } from 'class-validator';
import type { Fault } from '../../domain/errors/domain-error.js';

/** A property's name as a part of a JSON Pointer (RFC 6901, section 3). */
const escape = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** All faults of a tree that class-validator returned, each with its JSON Pointer. */
export function faultsOf(errors: readonly ValidationError[], base = ''): Fault[] {
  return errors.flatMap((error) => {
    const pointer = `${base}/${escape(error.property)}`;
    const own = Object.entries(error.constraints ?? {}).map(([constraint, message]) => ({
      pointer,
      detail: constraint === 'whitelistValidation' ? 'is not a known property' : withoutName(message, error.property),
    }));
    return [...own, ...faultsOf(error.children ?? [], pointer)];
  });
}

/** class-validator begins its messages with the property's name, which the pointer says already. */
function withoutName(message: string, property: string): string {
  const prefix = `${property} `;
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}
