import { DomainError, type DomainErrorOptions } from '../errors/domain-error.js';
import type { ProblemCode } from '../errors/problem-catalogue.js';
import type { CompanionObservation } from './container-runtime.js';
import { endedCode } from '../lifecycle/ended-by-itself.js';

/** What an engine's failure is, decided by status codes and error numbers, never by message text. */
export type RuntimeFailure =
  | 'unavailable'
  | 'timeout'
  | 'image-missing'
  | 'name-conflict'
  | 'not-found'
  | 'unsupported'
  /** Muster's own. */
  | 'disk-full'
  | 'engine-full'
  | 'create-failed'
  | 'start-failed'
  | 'stop-failed'
  | 'remove-failed'
  /** Of whatever else the engine was asked. */
  | 'refused';

const CODES = {
  unavailable: 'RUNTIME_UNAVAILABLE',
  timeout: 'RUNTIME_TIMEOUT',
  'image-missing': 'IMAGE_NOT_FOUND',
  'name-conflict': 'CONTAINER_NAME_CONFLICT',
  'not-found': 'RUNTIME_UNAVAILABLE',
  unsupported: 'RUNTIME_UNSUPPORTED',
  'disk-full': 'WORKSPACE_UNAVAILABLE',
  'engine-full': 'ENGINE_DISK_FULL',
  'create-failed': 'CONTAINER_CREATE_FAILED',
  'start-failed': 'CONTAINER_START_FAILED',
  'stop-failed': 'CONTAINER_STOP_FAILED',
  'remove-failed': 'CONTAINER_REMOVE_FAILED',
  refused: 'RUNTIME_REFUSED',
} as const satisfies Record<RuntimeFailure, ProblemCode>;

/** Thrown by runtime adapters. */
export class RuntimeError extends DomainError {
  constructor(
    readonly failure: RuntimeFailure,
    message: string,
    options: DomainErrorOptions = {},
  ) {
    super(CODES[failure], message, options);
  }
}

/** It does not answer, or not in time: the same call may succeed later. */
export const isEngineAway = (error: unknown): error is RuntimeError =>
  error instanceof RuntimeError && (error.failure === 'unavailable' || error.failure === 'timeout');

/** Thrown when the agent-server inside a container does not answer, or not in its protocol. */
export class AgentUnreachableError extends DomainError {
  constructor(container: string, options: DomainErrorOptions = {}) {
    super(
      'AGENT_UNREACHABLE',
      `The agent in container ${container} does not answer. See its logs, then restart it.`,
      options,
    );
  }

  /** It did answer, and not with what it was asked for. */
  get hasAnswered(): boolean {
    return this.details['status'] !== undefined;
  }
}

/** Thrown when what stands where agent.sock should be is not the agent's own socket: the agent put it there. */
export class AgentSocketUnsafeError extends DomainError {
  constructor(container: string, found: string) {
    super(
      'AGENT_SOCKET_UNSAFE',
      `In container ${container} agent.sock is ${found}, not the agent's own socket; Muster does not follow it. Destroy the agent or start it anew.`,
      { details: { container, found } },
    );
  }
}

/** Thrown when a container ended by itself while its agent was waited for. */
export class ContainerExitedError extends DomainError {
  constructor(container: string, exitCode: number | null, oomKilled: boolean) {
    const code = endedCode({ exitCode, oomKilled });
    const how =
      code === 'CONTAINER_OUT_OF_MEMORY' ? 'it used more memory than its limit' : `exit code ${exitCode ?? 'unknown'}`;
    super(code, `Container ${container} ended before its agent answered (${how}). See its logs.`, {
      details: { container, exitCode, oomKilled },
    });
  }
}

/** Thrown when the companion of a container is not there, while its agent was waited for. */
export class CompanionExitedError extends DomainError {
  constructor(container: string, companion: CompanionObservation | null) {
    super('COMPANION_EXITED', howCompanionEnded(companion), {
      details: { container, companion: companion?.id ?? null, exitCode: companion?.exitCode ?? null },
    });
  }
}

export function howCompanionEnded(companion: CompanionObservation | null): string {
  const what = 'The companion container, which answers for an image without agent-server,';
  if (companion === null || companion.state === 'missing') return `${what} is gone: somebody removed it.`;
  if (companion.oomKilled) return `${what} used more memory than its limit and was ended.`;
  return `${what} ended (exit code ${companion.exitCode ?? 'unknown'}).`;
}
