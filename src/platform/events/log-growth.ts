import { Injectable } from '@nestjs/common';
import type { TenantId } from '../../domain/ids.js';

type Listener = (seq: number) => void;

/**
 * Tells who follows a tenant's log that this process has appended to it. The fast path only: what other processes append
 * is found by looking.
 */
@Injectable()
export class LogGrowth {
  private readonly listeners = new Map<TenantId, Set<Listener>>();

  /** @returns a function that ends it */
  on(tenantId: TenantId, listener: Listener): () => void {
    const all = this.listeners.get(tenantId) ?? new Set();
    this.listeners.set(tenantId, all.add(listener));
    return () => {
      all.delete(listener);
      if (all.size === 0) this.listeners.delete(tenantId);
    };
  }

  /** The log's last entry has this number now. */
  grew(tenantId: TenantId, seq: number): void {
    for (const listener of this.listeners.get(tenantId) ?? []) listener(seq);
  }
}
