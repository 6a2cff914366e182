import type { AgentErrorCode } from './protocol.js';

/** What a request is refused with, or fails at; becomes an ErrorResponse. The message may be shown to an operator. */
export class AgentError extends Error {
  constructor(
    readonly code: AgentErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

export type StartFailure =
  | 'USAGE'
  | 'SOCKET_IN_USE'
  | 'SOCKET_PATH_OCCUPIED'
  | 'SOCKET_UNUSABLE'
  | 'SOCKET_UNREACHABLE'
  | 'WORKSPACE_UNUSABLE'
  | 'NOT_A_WORKER';

/** Why the program cannot begin. */
export class StartError extends Error {
  constructor(
    readonly code: StartFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Thrown, uncaught, when a render worker cannot be ended: it takes the agent with it. */
export class AbandonedWorkerError extends Error {
  readonly code = 'RENDER_WORKER_STUCK';
  override readonly name = 'AbandonedWorkerError';

  constructor(waitedMs: number) {
    super(
      `A render worker did not end within ${waitedMs} ms: the system prompt blocks it. The agent ends to be started anew.`,
    );
  }
}
