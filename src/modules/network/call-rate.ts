export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
  /** Refusals in a row that make a flood. */
  readonly floodAfter: number;
}

export type RateVerdict = 'fine' | 'too-many' | 'flood';

/** A bucket of so many calls, which fills up again by so many a second. */
export class CallRate {
  private left: number;
  private filledAt: number;
  private refused = 0;

  constructor(
    private readonly rate: Rate,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.left = rate.burst;
    this.filledAt = now();
  }

  take(): RateVerdict {
    const { burst, perSecond, floodAfter } = this.rate;
    const now = this.now();
    this.left = Math.min(burst, this.left + ((now - this.filledAt) / 1000) * perSecond);
    this.filledAt = now;
    if (this.left >= 1) {
      this.left -= 1;
      this.refused = 0;
      return 'fine';
    }
    this.refused += 1;
    return this.refused > floodAfter ? 'flood' : 'too-many';
  }
}
