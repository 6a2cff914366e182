import type { DomainError } from './domain-error.js';

/** Tells what a driver's error means. One for each technology; the HTTP layer asks them before it answers 500. */
export abstract class FailureTranslator {
  /** null when the error is not this technology's, or has no meaning a caller could act on. */
  abstract translate(error: unknown): DomainError | null;
}
