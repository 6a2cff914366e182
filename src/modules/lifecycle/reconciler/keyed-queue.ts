/** How many keys a queue has in hand. */
export interface QueueLoad {
  readonly waiting: number;
  readonly working: number;
  readonly aside: number;
}

/**
 * Runs work by key: each key at most once at a time, at most `concurrency` keys at once, in the order they came. Work that
 * only waits for somebody else stands aside meanwhile: a few agents that never answer must not keep all others waiting.
 */
export class KeyedQueue<K> {
  private readonly waiting = new Set<K>();
  private readonly active = new Map<K, Promise<void>>();
  private readonly aside = new Map<K, number>();
  private closed = false;

  /** `work` must not fail. */
  constructor(
    private readonly concurrency: number,
    private readonly work: (key: K) => Promise<void>,
  ) {}

  get load(): QueueLoad {
    return { waiting: this.waiting.size, working: this.active.size - this.aside.size, aside: this.aside.size };
  }

  /** A key whose work is in hand is worked on once more afterwards. */
  add(key: K): void {
    if (this.closed) return;
    this.waiting.add(key);
    this.pump();
  }

  /** Waits, as a part of the work on `key`, without counting as one of those at work. */
  async standAside<T>(key: K, wait: () => Promise<T>): Promise<T> {
    this.aside.set(key, (this.aside.get(key) ?? 0) + 1);
    this.pump();
    try {
      return await wait();
    } finally {
      const left = (this.aside.get(key) ?? 1) - 1;
      if (left === 0) this.aside.delete(key);
      else this.aside.set(key, left);
    }
  }

  isActive(key: K): boolean {
    return this.active.has(key);
  }

  /** Takes nothing new, and resolves when what is in hand is done. */
  async close(): Promise<void> {
    this.closed = true;
    this.waiting.clear();
    await Promise.all(this.active.values());
  }

  private pump(): void {
    for (const key of this.waiting) {
      if (this.active.size - this.aside.size >= this.concurrency) return;
      if (this.active.has(key)) continue;
      this.waiting.delete(key);
      this.active.set(key, this.run(key));
    }
  }

  private async run(key: K): Promise<void> {
    try {
      await this.work(key);
    } finally {
      this.active.delete(key);
      this.pump();
    }
  }
}
