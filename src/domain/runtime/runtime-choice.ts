import type { ContainerRuntime } from './container-runtime.js';

/** Which runtime this Muster uses, and why: for the first lines of its log. */
export abstract class RuntimeChoice {
  abstract readonly runtime: ContainerRuntime;
  /** A sentence for people who may know addresses. */
  abstract readonly reason: string;
}
