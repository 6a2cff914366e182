import { Injectable } from '@nestjs/common';
import type { AgentInstanceId } from '../../domain/ids.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';

type Listener = (instance: ManagedInstance) => void;

/** Tells who waits in this process what the reconciler has just written. */
@Injectable()
export class LifecycleNotifier {
  private readonly listeners = new Map<AgentInstanceId, Set<Listener>>();

  /** @returns a function that ends it */
  on(id: AgentInstanceId, listener: Listener): () => void {
    const all = this.listeners.get(id) ?? new Set();
    this.listeners.set(id, all.add(listener));
    return () => {
      all.delete(listener);
      if (all.size === 0) this.listeners.delete(id);
    };
  }

  changed(instance: ManagedInstance): void {
    for (const listener of this.listeners.get(instance.id) ?? []) listener(instance);
  }
}
