import type { EventEmitter } from 'node:events';
import type { ContainerObservation, RuntimeEvent } from '../../domain/runtime/container-runtime.js';

/** What happened to one container between two looks. */
export function changesBetween(
  before: ContainerObservation | undefined,
  after: ContainerObservation | undefined,
): readonly RuntimeEvent['kind'][] {
  const was = before?.state ?? 'created';
  if (after === undefined) return was === 'running' || was === 'paused' ? ['exited', 'removed'] : ['removed'];
  const wasUp = was === 'running' || was === 'paused';
  const isUp = after.state === 'running' || after.state === 'paused';
  const another = before?.startedAt?.getTime() !== after.startedAt?.getTime();
  if (another) {
    const kinds: RuntimeEvent['kind'][] = wasUp ? ['exited', 'started'] : ['started'];
    if (after.state === 'paused') kinds.push('paused');
    if (!isUp) kinds.push('exited');
    return kinds;
  }
  if (wasUp && !isUp) return ['exited'];
  if (was === 'running' && after.state === 'paused') return ['paused'];
  if (was === 'paused' && after.state === 'running') return ['unpaused'];
  return [];
}

/**
 * Looks again and again, at once when this process did something itself (`nudges`), and tells what changed.
 * The first look is taken at the call.
 */
export function watchContainers(
  look: () => Promise<readonly ContainerObservation[]>,
  nudges: EventEmitter,
  everyMs: number,
  signal: AbortSignal,
): AsyncIterable<RuntimeEvent> {
  const calledAt = new Date();
  const beginning = look().then((containers) => containers.map((container) => asOf(calledAt, container)));
  beginning.catch(() => undefined); // thrown to who iterates
  return tell(beginning, look, nudges, everyMs, signal);
}

/** What started after the call is told as started, although the first look saw it so. */
function asOf(time: Date, container: ContainerObservation): ContainerObservation {
  if (container.startedAt === null || container.startedAt < time) return container;
  return { ...container, state: 'created', startedAt: null };
}

async function* tell(
  beginning: Promise<readonly ContainerObservation[]>,
  look: () => Promise<readonly ContainerObservation[]>,
  nudges: EventEmitter,
  everyMs: number,
  signal: AbortSignal,
): AsyncGenerator<RuntimeEvent> {
  let nudged = true;
  let wake = (): void => undefined;
  const nudge = (): void => {
    nudged = true;
    wake();
  };
  nudges.on('nudge', nudge);
  signal.addEventListener('abort', nudge);
  try {
    let known = byId(await beginning);
    while (!signal.aborted) {
      nudged = false;
      const now = byId(await look());
      for (const id of new Set([...known.keys(), ...now.keys()])) {
        const owner = (now.get(id) ?? known.get(id))?.owner;
        for (const kind of changesBetween(known.get(id), now.get(id)))
          if (owner) yield { kind, containerId: id, owner };
      }
      known = now;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, nudged ? 0 : everyMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    nudges.off('nudge', nudge);
    signal.removeEventListener('abort', nudge);
  }
}

function byId(containers: readonly ContainerObservation[]): ReadonlyMap<string, ContainerObservation> {
  return new Map(containers.map((container) => [container.id, container]));
}
