import type { Fault } from './errors/domain-error.js';
import { pointerTo } from './json-pointer.js';

/** More than these are not told: whoever sends a thousand faults has one. */
const MOST_FAULTS = 20;

/**
 * What keeps a value from being kept and given back exactly as JSON (RFC 8259, within the I-JSON limits of RFC 7493 that
 * canonical JSON needs): nesting deeper than `maxDepth`, unpaired surrogates, members named `__proto__`, numbers that
 * are not finite. Pointers are relative to the value.
 */
export function jsonFaults(value: unknown, maxDepth: number): readonly Fault[] {
  const faults: Fault[] = [];
  visit(value, []);
  return faults;

  function visit(part: unknown, path: readonly string[]): void {
    if (faults.length >= MOST_FAULTS) return;
    if (typeof part === 'string' && !part.isWellFormed()) tell(path, 'has an unpaired surrogate (half a character)');
    else if (typeof part === 'number' && !Number.isFinite(part)) tell(path, 'must be a number that JSON can write');
    else if (typeof part === 'bigint' || typeof part === 'undefined') tell(path, 'must be a JSON value');
    else if (typeof part === 'object' && part !== null) visitMembers(part, path);
  }

  function visitMembers(container: object, path: readonly string[]): void {
    if (path.length >= maxDepth) {
      tell(path, `is nested deeper than ${maxDepth} levels`);
      return;
    }
    for (const [key, member] of Object.entries(container)) {
      if (key === '__proto__') tell([...path, key], 'is not allowed as a name');
      else if (!key.isWellFormed()) tell(path, 'has a name with an unpaired surrogate (half a character)');
      else visit(member, [...path, key]);
    }
  }

  function tell(path: readonly string[], detail: string): void {
    faults.push({ pointer: pointerTo(path), detail });
  }
}
