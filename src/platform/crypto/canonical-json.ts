import canonicalize from 'canonicalize';
import { DomainError } from '../../domain/errors/domain-error.js';

/**
 * JSON in the one form that RFC 8785 (JCS) names: sorted members, shortest numbers, no white space.
 * @throws DomainError INTERNAL for what JSON cannot say (undefined at the top, NaN, infinities)
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new DomainError('INTERNAL', 'A value that JSON cannot say was to be digested.');
  return text;
}
