import type { LifecycleError } from './lifecycle.js';

/** Where on Muster's host a port of an agent's container is to be reached. */
export interface PortBinding {
  readonly containerPort: number;
  readonly hostIp: string;
  /** null: none was found yet. */
  readonly hostPort: number | null;
  /** Why nobody listens there; null: somebody does. */
  readonly error: LifecycleError | null;
}

/** Which Muster listens for an agent, and where. */
export interface PortBindings {
  readonly lease: { readonly owner: string; readonly until: Date };
  /** Kept when the lease ends, so that the next one listens on the same ports where it can. */
  readonly bindings: readonly PortBinding[];
}
