import type { Configuration } from '../../platform/config/configuration.js';

/** The terminals' times, all in ms, and their limits. */
export class TerminalSettings {
  readonly perAgent: number = 5;
  readonly perTenant: number = 50;
  readonly idleMs: number = 1_800_000;
  readonly longestMs: number = 28_800_000;
  /** Of pages, beside Muster's own. */
  readonly origins: readonly string[] = [];
  /** How often a client has to show that it is there. */
  readonly pingEveryMs: number = 15_000;
  /** How often the key of a terminal is looked at again: as long as a verified key is trusted. */
  readonly accessEveryMs: number = 5_000;
  /** How long a process that fell silent is still believed to be there. */
  readonly ownedMs: number = 30_000;
  readonly renewEveryMs: number = 8_000;
  /** How often a process looks whether another was asked to close one of its terminals. */
  readonly closeLookEveryMs: number = 1_000;
  readonly sweepEveryMs: number = 15_000;
  /** A terminal that nobody connected to is gone after this; its ticket is good for less. */
  readonly waitMs: number = 120_000;
  /** How long a client may take to agree to the end. */
  readonly closeMs: number = 2_000;

  constructor(overrides: Partial<TerminalSettings> = {}) {
    Object.assign(this, overrides);
  }

  static from({ terminals }: Configuration): TerminalSettings {
    const { perAgent, perTenant, idleSeconds, maxSeconds, origins } = terminals;
    return new TerminalSettings({
      perAgent,
      perTenant,
      origins,
      idleMs: idleSeconds * 1000,
      longestMs: maxSeconds * 1000,
    });
  }
}
