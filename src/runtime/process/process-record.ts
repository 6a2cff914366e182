import type { RuntimeSpec } from '../../domain/runtime/runtime-spec.js';

/** What Muster writes down about a container of the process runtime, in container.json. */
export interface ProcessRecord {
  /** `<name>.<12 hex digits>` */
  readonly id: string;
  readonly spec: RuntimeSpec;
  /** The last process it had, running or not; null before the first start. */
  readonly process: StartedProcess | null;
  /** How the process ended, where the Muster that started it saw it end. */
  readonly exit: { readonly code: number | null } | null;
}

export interface StartedProcess {
  /** Also the id of its process group. */
  readonly pid: number;
  /** As seeProcess tells it. */
  readonly birth: string;
  /** ISO 8601. */
  readonly startedAt: string;
}
