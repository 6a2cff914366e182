import type { Actor } from '../events/actor.js';
import type { AgentInstanceId } from '../ids.js';
import type { Changed, HeldLease, InstancePath } from './lifecycle-records.js';
import type { ManagedInstance } from './managed-instance.js';

/** What a health check has shown of the container it was made on. */
export interface HealthFinding {
  readonly replica: number;
  readonly containerId: string;
  /** What is wrong, in Muster's own words; null: nothing. */
  readonly fault: string | null;
  /** It has passed, and ran long enough for earlier failures to be forgotten. */
  readonly forgetsFailures: boolean;
}

/**
 * Who uses an agent, how long it is there, and whether it is well. Each method is one conditional write to one document.
 * Times are the database's.
 */
export abstract class UpkeepRecords {
  /**
   * Notes that somebody uses the agent, for `ttlMs` unless told again. One that sleeps is woken by it.
   * @throws NotFoundError
   * @throws AgentNotRunningError when none of its replicas runs, and it does not just sleep
   */
  abstract beginUse(path: InstancePath, useId: string, ttlMs: number): Promise<ManagedInstance>;
  /** These uses, of these agents, go on for `ttlMs` more. */
  abstract renewUses(ids: readonly AgentInstanceId[], useIds: readonly string[], ttlMs: number): Promise<void>;
  /** Doing it twice does nothing. */
  abstract endUse(id: AgentInstanceId, useId: string): Promise<void>;

  /**
   * Puts it to sleep: running → stopping, asleep.
   * @returns null when something was asked of it, or it was used, since `instance` was read
   * @throws LeaseLostError, OutboxFullError
   */
  abstract fallAsleep(lease: HeldLease, instance: ManagedInstance): Promise<Changed | null>;
  /**
   * Wants it removed because its time is over: → removing.
   * @returns null when something was asked of it, or it was used or renewed, since `instance` was read
   * @throws LeaseLostError, OutboxFullError
   */
  abstract expire(lease: HeldLease, instance: ManagedInstance): Promise<Changed | null>;
  /**
   * It is there for `ttlSeconds` more from now, whatever was left.
   * @throws NotFoundError, OutboxFullError
   * @throws InvalidTransitionError when it is being removed: then it is too late
   */
  abstract renew(path: InstancePath, ttlSeconds: number, actor: Actor): Promise<Changed>;

  /**
   * Takes the checks of running agents that are due, longest due first, and sets the next one of each, about `nextInMs` from now, so that they become due together.
   * @returns those that no other Muster has taken
   */
  abstract takeHealthChecks(
    limit: number,
    nextInMs: (instance: ManagedInstance) => number,
  ): Promise<readonly ManagedInstance[]>;
  /** null: it is not that container any more. */
  abstract noteHealth(id: AgentInstanceId, finding: HealthFinding): Promise<ManagedInstance | null>;
}
