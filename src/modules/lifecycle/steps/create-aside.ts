import { RuntimeError } from '../../../domain/runtime/runtime-errors.js';
import type { RuntimeSpec } from '../../../domain/runtime/runtime-spec.js';
import { isSameOwner } from '../container-planner.js';
import type { Engine } from '../reconciler/engine.js';
import type { ReplicaHold } from '../reconciler/replica-hold.js';

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
