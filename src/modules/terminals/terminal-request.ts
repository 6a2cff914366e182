import type { TerminalSize } from '../../domain/runtime/exec-session.js';

/** A terminal that somebody wants. */
export interface TerminalRequest {
  readonly command: readonly string[];
  /** Absolute, in the container. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly size: TerminalSize;
}
