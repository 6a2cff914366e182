import type { InstallationId } from '../../domain/ids.js';
import type { RuntimeEvent } from '../../domain/runtime/container-runtime.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { LineAssembler } from '../agent/line-assembler.js';
import { INSTALLATION_LABEL, readOwner } from './container-labels.js';
import type { EngineClient } from './engine-client.js';
import { readEngineStream } from './engine-stream.js';
import { engineTime } from './engine-time.js';

const KINDS = {
  start: 'started',
  die: 'exited',
  pause: 'paused',
  unpause: 'unpaused',
  destroy: 'removed',
  // Podman's words, as filters at least.
  died: 'exited',
  remove: 'removed',
  oom: 'oom',
  update: 'changed',
} as const satisfies Record<string, RuntimeEvent['kind']>;

interface EngineEvent {
  readonly Action?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> };
}

/** From the moment of the call on: what happens before the engine is connected to is told afterwards. */
export function readEngineEvents(
  engine: EngineClient,
  installation: InstallationId,
  signal: AbortSignal,
  heartbeatMs: number,
): AsyncIterable<RuntimeEvent> {
  const filters = {
    type: ['container'],
    event: Object.keys(KINDS),
    label: [`${INSTALLATION_LABEL}=${installation}`],
  };
  const pieces = readEngineStream(engine, {
    what: 'tell its events',
    path: '/events',
    query: { since: engineTime(new Date()), filters: JSON.stringify(filters) },
    signal,
    heartbeatMs,
  });
  return toEvents(pieces, signal);
}

async function* toEvents(pieces: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  const lines = new LineAssembler();
  for await (const piece of pieces) {
    for (const line of lines.push(piece)) {
      const event = toEvent(line);
      if (event !== null) yield event;
    }
  }
  if (!signal.aborted) throw new RuntimeError('unavailable', 'The container engine ended its stream of events.');
}

function toEvent(line: string): RuntimeEvent | null {
  if (line === '') return null;
  const { Action = '', Actor } = JSON.parse(line) as EngineEvent;
  const owner = readOwner(Actor?.Attributes ?? {});
  if (!(Action in KINDS) || owner === null || Actor?.ID === undefined) return null;
  return { kind: KINDS[Action as keyof typeof KINDS], containerId: Actor.ID, owner };
}
