/** The times of quotas, in milliseconds. */
export class QuotaSettings {
  /** How long a claim may wait for the write that it was made for; then, with nothing there, its process has died. */
  readonly graceMs: number = 30_000;
  /** Between two looks at every ledger, each of which reads all that its tenant holds. Who asks or is refused is told by the documents at any time. */
  readonly sweepEveryMs: number = 60_000;
  /** How long agents that came to rest are gathered, to be settled together. */
  readonly gatherMs: number = 20;

  constructor(overrides: Partial<QuotaSettings> = {}) {
    Object.assign(this, overrides);
  }
}
