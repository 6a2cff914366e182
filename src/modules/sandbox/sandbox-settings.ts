/** The sandbox's limits and times, all in ms. */
export class SandboxSettings {
  /** Runs that one agent works on at once; more wait. */
  readonly runsPerAgent: number = 4;
  /** How long a run may take, waiting included. */
  readonly runTimeoutMs: number = 300_000;
  /** How often a waiting run looks whether it is its turn. */
  readonly turnPollMs: number = 100;
  /** How long a process that fell silent is still believed to be there. */
  readonly ownedMs: number = 30_000;
  readonly renewEveryMs: number = 8_000;
  /** How often a process looks whether another was asked to cancel one of its runs. */
  readonly cancelLookEveryMs: number = 1_000;
  /** How often a run in another process is looked at for who waits for its end. */
  readonly endLookEveryMs: number = 500;
  readonly sweepEveryMs: number = 15_000;
  /** An open run without a document is only about to get one if it is younger than this. */
  readonly strayAfterMs: number = 60_000;

  constructor(overrides: Partial<SandboxSettings> = {}) {
    Object.assign(this, overrides);
  }
}
