import type { AgentInstanceId, RunId } from '../ids.js';
import type { InstancePath } from './lifecycle-records.js';
import type { ManagedInstance } from './managed-instance.js';

/** The runs that agents work on, as noted with each agent: they make it busy, and keep it. Each change is one conditional write. */
export abstract class AgentRuns {
  /**
   * Notes an open run, of an agent that has a replica which can serve: status busy.
   * @returns the instance as it is then, or null when `limit` runs are open
   * @throws NotFoundError, AgentNotRunningError
   */
  abstract begin(path: InstancePath, runId: RunId, limit: number): Promise<ManagedInstance | null>;
  /** Forgets an open run; status becomes what it is without it. Doing it twice does nothing. */
  abstract end(id: AgentInstanceId, runId: RunId): Promise<void>;
  /** Instances with open runs, by id, after `after`. */
  abstract findBusy(
    after: AgentInstanceId | null,
    limit: number,
  ): Promise<readonly Pick<ManagedInstance, 'id' | 'tenantId' | 'openRuns'>[]>;
}
