/** Times of snapshots, all in ms. What a user may want to set is in Configuration; these are not. */
export class SnapshotSettings {
  /** How long a maker that fell silent is believed to be at work. */
  readonly makerMs: number = 30_000;
  readonly renewEveryMs: number = 8_000;
  /** How often to look for what a crash left. */
  readonly sweepEveryMs: number = 10_000;

  constructor(overrides: Partial<SnapshotSettings> = {}) {
    Object.assign(this, overrides);
  }
}
