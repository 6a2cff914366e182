import { Injectable } from '@nestjs/common';
import type { AgentInstanceId } from '../../../domain/ids.js';
import type { Changed, LeaseTerms, Requested } from '../../../domain/lifecycle/lifecycle-records.js';
import type { TakenLease } from './hold.js';

/** Says on which terms an instance would be begun with at once when so many others are about to be; null: not at once. */
export type Beginner = (id: AgentInstanceId, promised: number) => LeaseTerms | null;

/**
 * Leases that are taken by the write of a request, because this process begins at once with what is asked for: everybody who asks would
 * wait for a write of their own.
 */
@Injectable()
export class EarlyLeases {
  private readonly taken = new Map<AgentInstanceId, TakenLease>();
  /** Requests being written that may bring one. */
  private underWay = 0;
  private beginner: Beginner = () => null;

  servedBy(beginner: Beginner): void {
    this.beginner = beginner;
  }

  /** Has a request written, which takes the lease where `write` is given terms. Who tells of the request has it begun with. */
  async with(id: AgentInstanceId, write: (terms: LeaseTerms | null) => Promise<Requested>): Promise<Changed> {
    const terms = this.beginner(id, this.underWay + this.taken.size);
    if (terms === null) return write(null);
    this.underWay += 1;
    try {
      const takenAt = performance.now();
      const { instance, event, lease } = await write(terms);
      if (lease !== null) this.taken.set(id, { lease, instance, takenAt });
      return { instance, event };
    } finally {
      this.underWay -= 1;
    }
  }

  take(id: AgentInstanceId): TakenLease | null {
    const taken = this.taken.get(id) ?? null;
    this.taken.delete(id);
    return taken;
  }

  takeAll(): TakenLease[] {
    const all = [...this.taken.values()];
    this.taken.clear();
    return all;
  }
}
