import type { ContainerObservation } from '../../../domain/runtime/container-runtime.js';
import { isAlone } from '../../../domain/lifecycle/replicas.js';
import type { Seen } from '../steps/container-steps.js';
import type { Attendant, Hold } from './hold.js';

/** Beyond what a timer can count it would not wait at all. */
const LONGEST_WAIT_MS = 3_600_000;

/**
 * The steps that are under way for the replicas of one instance: one for each at most, and so many at work at once. One that only
 * waits for somebody else (an agent that comes up, a grace period) does not count: a few that never answer keep no other waiting.
 */
export class Hands implements Attendant {
  /** What was seen of the replicas' containers. */
  readonly containers = new Map<number, ContainerObservation | null>();
  private readonly steps = new Map<number, Promise<void>>();
  private waiting = 0;
  private isChanged = false;
  private wake: () => void = () => undefined;
  private comeBack: (() => void) | null = null;
  private mustReread = false;

  constructor(
    private readonly hold: Hold,
    private readonly atOnce: number,
  ) {
    hold.attendedBy(this);
  }

  /** The replicas that have a step under way. */
  get busy(): ReadonlySet<number> {
    return new Set(this.steps.keys());
  }

  get areEmpty(): boolean {
    return this.steps.size === 0;
  }

  /** The first replica does not wait for others. */
  hasRoomFor(replica: number): boolean {
    return replica === 0 || this.steps.size - this.waiting < this.atOnce;
  }

  /** `step` must not fail; what it returns is known about the replica's container then. */
  take(replica: number, step: () => Promise<Seen>): void {
    this.hold.listen(replica);
    const done = step().then((seen) => {
      this.steps.delete(replica);
      if (seen === undefined) this.containers.delete(replica);
      else this.containers.set(replica, seen);
      this.tell();
    });
    this.steps.set(replica, done);
  }

  /** Resolves when a step has ended or waits, when something was noticed, or at that time. */
  async change(until: Date | null): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    if (!this.isChanged)
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        if (until !== null) timer = setTimeout(resolve, Math.min(LONGEST_WAIT_MS, until.getTime() - Date.now()));
      });
    clearTimeout(timer);
    this.isChanged = false;
  }

  /** Resolves when nothing is under way any more. */
  async rest(): Promise<void> {
    while (this.steps.size > 0) await Promise.all(this.steps.values());
  }

  async aside<T>(wait: () => Promise<T>): Promise<T> {
    this.waiting += 1;
    this.tell();
    try {
      return await wait();
    } finally {
      this.waiting -= 1;
      this.tell();
    }
  }

  /** What a step does itself to its container, it sees; and once nothing is under way, who comes next looks. */
  notice(replica: number | null, reread: boolean): boolean {
    if (this.areEmpty || (replica !== null && this.steps.has(replica)) || isAlone(this.hold.instance.lifecycle))
      return false;
    for (const index of replica === null ? [...this.containers.keys()] : [replica])
      if (!this.steps.has(index)) this.containers.delete(index);
    this.mustReread ||= reread;
    this.tell();
    return true;
  }

  /** Is there something to read that was noticed? Asked once. */
  takeMustReread(): boolean {
    const must = this.mustReread;
    this.mustReread = false;
    return must;
  }

  /** The instance stands aside while all that is under way for it waits. */
  private tell(): void {
    const doAllWait = this.waiting > 0 && this.waiting >= this.steps.size;
    if (doAllWait && this.comeBack === null) {
      void this.hold.standAside(async () => new Promise<void>((resolve) => (this.comeBack = resolve)));
    } else if (!doAllWait) {
      this.comeBack?.();
      this.comeBack = null;
    }
    this.isChanged = true;
    this.wake();
  }
}
