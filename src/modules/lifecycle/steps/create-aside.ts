import { DomainError } from '../../../domain/errors/domain-error.js';
import type { AgentConnection } from '../../../domain/runtime/agent-connection.js';
import type { ContainerAddress } from '../../../domain/runtime/container-runtime.js';
import { RuntimeError } from '../../../domain/runtime/runtime-errors.js';
import type { RuntimeSpec } from '../../../domain/runtime/runtime-spec.js';
import { isSameOwner } from '../container-planner.js';
import type { Engine } from '../reconciler/engine.js';
import type { ReplicaHold } from '../reconciler/replica-hold.js';

const REACH_MS = 30_000;

/** Makes a container beside the agent's own. One of its name that a crash left makes way. @throws LeaseLostError, RuntimeError */
export async function createAside(engine: Engine, hold: ReplicaHold, spec: RuntimeSpec): Promise<string> {
  const create = (): Promise<string> =>
    engine.call(hold, 'Creating a container beside', (runtime) => runtime.create(spec));
  try {
    return await create();
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.failure !== 'name-conflict') throw error;
    const left = await engine.call(hold, 'Looking at one beside', (runtime) => runtime.inspect(spec.name));
    if (left !== null && !isSameOwner(left.owner, spec.owner)) throw error;
    if (left !== null) await engine.call(hold, 'Removing one beside', (runtime) => runtime.remove(left.id));
    return create();
  }
}

/**
 * Waits until the agent-server in such a container answers.
 * @param what it is called where it does not
 * @throws DomainError HEALTH_CHECK_TIMEOUT, ContainerExitedError, RuntimeError, the signal's reason
 */
export async function reachAside(
  engine: Engine,
  address: ContainerAddress,
  signal: AbortSignal,
  what: string,
): Promise<AgentConnection> {
  const limit = AbortSignal.timeout(REACH_MS);
  try {
    return (await engine.runtime.waitUntilReachable(address, AbortSignal.any([limit, signal]))).connection;
  } catch (cause) {
    if (!limit.aborted || signal.aborted) throw cause;
    throw new DomainError('HEALTH_CHECK_TIMEOUT', `${what} did not answer within ${REACH_MS / 1000} s.`, { cause });
  }
}
