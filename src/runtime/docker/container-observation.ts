import type { ContainerInspectInfo } from 'dockerode';
import type {
  CompanionObservation,
  ContainerObservation,
  ContainerState,
} from '../../domain/runtime/container-runtime.js';
import { readOwner, SPEC_LABEL } from './container-labels.js';
import { isAltered } from './given-limits.js';

const STATES: Readonly<Record<string, ContainerState>> = {
  created: 'created',
  running: 'running',
  paused: 'paused',
  // There is no restart policy, so this is a moment within a start.
  restarting: 'running',
  exited: 'exited',
  stopped: 'exited',
  removing: 'dead',
  dead: 'dead',
};

export function toObservation(info: ContainerInspectInfo): ContainerObservation {
  const { State: state } = info;
  const labels = (info.Config as { Labels: Record<string, string> | null }).Labels ?? {};
  const known = STATES[state.Status] ?? 'dead';
  const up = known === 'running' || known === 'paused';
  return {
    id: info.Id,
    name: info.Name.replace(/^\//, ''),
    owner: readOwner(labels),
    specDigest: labels[SPEC_LABEL] ?? null,
    state: known,
    pid: up && state.Pid > 0 ? state.Pid : null,
    startedAt: timeOf(state.StartedAt),
    exitCode: known === 'exited' || known === 'dead' ? state.ExitCode : null,
    finishedAt: up ? null : timeOf(state.FinishedAt),
    oomKilled: state.OOMKilled,
    isAltered: isAltered(info),
    program: { command: [info.Path, ...info.Args], cwd: info.Config.WorkingDir || '/' },
  };
}

export function toCompanion(info: ContainerInspectInfo): CompanionObservation {
  const { id, state, exitCode, oomKilled } = toObservation(info);
  return { id, state, exitCode, oomKilled };
}

/** The engine's "never" is the year 1. */
function timeOf(text: string): Date | null {
  const time = new Date(text);
  return time.getUTCFullYear() > 1 ? time : null;
}
