import type { InstancePath } from './lifecycle-records.js';
import type { ManagedInstance } from './managed-instance.js';

/** Somebody uses an agent. */
export interface Use {
  /**
   * Resolves when a replica of the agent can serve: at once, or once the agent has woken, and with it that replica.
   * @param replica one that was named; whether it runs is for who named it to see
   */
  awake(signal?: AbortSignal, replica?: number): Promise<ManagedInstance>;
  /** It is over. Doing it twice does nothing. Never rejects: where it cannot be written down, the use ends as if its process had. */
  release(): Promise<void>;
}

/**
 * Says that an agent is in use: runs, execs, terminals, followed logs, file transfers. As long as it is, it neither goes to
 * sleep nor expires, in whatever process; and one that sleeps wakes. A use that ends with its process is over
 * half a minute later.
 */
export abstract class AgentUse {
  /**
   * Begins a use, without waiting until the agent runs.
   * @throws NotFoundError, AgentNotRunningError (none of its replicas runs, nor does it sleep)
   */
  abstract hold(path: InstancePath): Promise<Use>;
  /**
   * Holds the agent while `work` is done, once it runs.
   * @throws NotFoundError, AgentNotRunningError, the lifecycle's own error when it does not wake; the signal's reason
   */
  abstract during<T>(
    path: InstancePath,
    work: (instance: ManagedInstance) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>;
}
