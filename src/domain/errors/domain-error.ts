import { PROBLEMS, type ErrorKind, type ProblemCode } from './problem-catalogue.js';

/** One fault of an input: where it is (RFC 6901 JSON Pointer into the body, or the parameter's name) and what it is. */
export interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

export interface DomainErrorOptions {
  /** Facts about the case, safe to show to the caller: ids, names, limits. Never secrets, never texts of templates. */
  readonly details?: Readonly<Record<string, string | number | boolean | readonly string[] | null>>;
  readonly faults?: readonly Fault[];
  readonly cause?: unknown;
}

/** Everything Muster refuses or fails at, told by its code. `message` says what happened, to which thing, and what to do. */
export class DomainError extends Error {
  readonly kind: ErrorKind;
  readonly details: NonNullable<DomainErrorOptions['details']>;
  readonly faults: readonly Fault[];

  constructor(
    readonly code: ProblemCode,
    message: string,
    options: DomainErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.kind = PROBLEMS[code].kind;
    this.details = options.details ?? {};
    this.faults = options.faults ?? [];
  }
}
