/** The size of a terminal's window, in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A program to be started beside the agent's own, as the agent's user. */
export interface ExecSpec {
  /** By this its processes are found again, by another Muster process too. 24 hex digits. */
  readonly id: string;
  readonly command: readonly string[];
  /** On top of the container's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute, in the container. */
  readonly cwd: string;
  /** null: no terminal, and stdout and stderr apart. */
  readonly terminal: TerminalSize | null;
}

export interface ExecOutput {
  /** With a terminal everything is stdout. */
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

/** A program that was started beside the agent's own. */
export abstract class ExecSession {
  /**
   * What it writes, as it comes, until nothing of it can write any more. Who does not read makes the program wait.
   * @throws RuntimeError unavailable when the engine goes away
   */
  abstract readonly output: AsyncIterable<ExecOutput>;
  /** Gives it input; resolves when there is room for more. What comes after its end is dropped. */
  abstract write(data: Uint8Array): Promise<void>;
  /** There is no more input. */
  abstract endInput(): void;
  /** Does nothing to a program that has ended. It has the size when this resolves, unless the runtime says otherwise of itself. @throws RuntimeError */
  abstract resize(size: TerminalSize): Promise<void>;
  /** Once the output has ended; 128 + n after signal n, as a shell tells it; null while it runs. @throws RuntimeError */
  abstract exitCode(): Promise<number | null>;
  /** Lets go of it. Its processes are not ended by that: see ContainerRuntime.endExec. */
  abstract close(): void;
}
