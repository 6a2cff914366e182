import type { ContainerObservation } from '../../domain/runtime/container-runtime.js';
import { seeProcess } from './process-identity.js';
import type { ProcessRecord } from './process-record.js';

/** What is written down, and what the host shows of the process now. */
export async function observeProcess(record: ProcessRecord): Promise<ContainerObservation> {
  const { id, spec, process: started, exit } = record;
  const seen = {
    id,
    name: spec.name,
    owner: spec.owner,
    specDigest: spec.specDigest,
    finishedAt: null,
    oomKilled: false,
  };
  if (started === null) return { ...seen, state: 'created', pid: null, startedAt: null, exitCode: null };
  const startedAt = new Date(started.startedAt);
  const sight = await seeProcess(started.pid);
  if (sight?.birth !== started.birth) {
    return { ...seen, state: 'exited', pid: null, startedAt, exitCode: exit?.code ?? null };
  }
  const state = sight.state === 'stopped' ? 'paused' : 'running';
  return { ...seen, state, pid: started.pid, startedAt, exitCode: null };
}
