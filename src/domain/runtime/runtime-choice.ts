import type { ContainerRuntime } from './container-runtime.js';

/** Which runtime this Muster uses, and why: for the first lines of its log, and for /readyz. */
export abstract class RuntimeChoice {
  abstract readonly runtime: ContainerRuntime;
  /** A sentence for people. */
  abstract readonly reason: string;
}
