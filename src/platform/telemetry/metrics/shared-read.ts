/** Long enough for the gauges of one scrape, too short for anybody to see old figures. */
const SHARED_MS = 500;

/** What several gauges tell parts of is read once for all of them. */
export class SharedRead<T> {
  private latest: { readonly at: number; readonly value: Promise<T> } | undefined;

  constructor(private readonly read: () => Promise<T>) {}

  async get(): Promise<T> {
    const now = performance.now();
    if (this.latest === undefined || now - this.latest.at > SHARED_MS) this.latest = { at: now, value: this.read() };
    return this.latest.value;
  }
}
