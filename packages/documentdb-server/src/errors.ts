/** Base of every error this package throws. `code` is stable and may be switched on; `message` is for people. */
export abstract class DocumentDbServerError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Why the database's programs cannot be had or run on this machine. */
export type RuntimeObstacle =
  | 'no-apt'
  | 'no-archive'
  | 'archive-unreachable'
  | 'package-missing'
  | 'no-user-namespaces'
  | 'unpack-failed'
  | 'tool-missing';

const ADVICE = 'The embedded database cannot run here: set MONGODB_URI to a MongoDB server instead.';

/** Thrown when this machine cannot provide the database's programs. Set MONGODB_URI to a real server instead. */
export class RuntimeUnavailableError extends DocumentDbServerError {
  readonly code = 'RUNTIME_UNAVAILABLE';

  constructor(
    readonly obstacle: RuntimeObstacle,
    message: string,
  ) {
    super(message.endsWith(ADVICE) ? message : `${message} ${ADVICE}`);
  }
}

/** Thrown when another process already serves the data folder. Nothing in it was touched. */
export class DataDirInUseError extends DocumentDbServerError {
  readonly code = 'DATA_DIR_IN_USE';

  constructor(readonly dataDir: string) {
    super(`The data folder ${dataDir} is already in use by another running database.`);
  }
}

/** Thrown when the server's process ended or failed before it was ready. */
export class ServerStartError extends DocumentDbServerError {
  readonly code = 'SERVER_START_FAILED';
}

/** Thrown when the options of `create` make no sense. */
export class InvalidOptionsError extends DocumentDbServerError {
  readonly code = 'INVALID_OPTIONS';
}

/** Thrown when a child program could not be started or ended with a failure. */
export class CommandFailedError extends DocumentDbServerError {
  readonly code = 'COMMAND_FAILED';

  constructor(
    readonly command: string,
    readonly exitCode: number | string | null,
    readonly output: string,
  ) {
    super(`${command} ended with ${String(exitCode)}: ${output.trim().slice(-2000)}`);
  }
}
