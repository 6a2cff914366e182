import { Injectable } from '@nestjs/common';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import { OnDomainEvent } from '../../platform/events/on-domain-event.decorator.js';
import { Reconciler } from './reconciler/reconciler.service.js';

/** Wakes the reconciler at once; what is missed here it finds by itself. */
@Injectable()
export class LifecycleListener {
  constructor(private readonly reconciler: Reconciler) {}

  @OnDomainEvent('lifecycle.requested')
  async onRequested({ data }: DomainEvent<'lifecycle.requested'>): Promise<void> {
    this.reconciler.wake(data.instanceId);
    return Promise.resolve();
  }

  @OnDomainEvent('agent.snapshot.restored')
  async onSnapshotRestored({ data }: DomainEvent<'agent.snapshot.restored'>): Promise<void> {
    this.reconciler.wake(data.instanceId);
    return Promise.resolve();
  }

  @OnDomainEvent('agent.forked')
  async onForked({ data }: DomainEvent<'agent.forked'>): Promise<void> {
    this.reconciler.wake(data.instanceId);
    return Promise.resolve();
  }

  /** A running agent has to be told. */
  @OnDomainEvent('agent-instance.edited')
  async onEdited({ data }: DomainEvent<'agent-instance.edited'>): Promise<void> {
    this.reconciler.look(data.instanceId);
    return Promise.resolve();
  }

  @OnDomainEvent('agent-instance.restored')
  async onRestored({ data }: DomainEvent<'agent-instance.restored'>): Promise<void> {
    this.reconciler.look(data.instanceId);
    return Promise.resolve();
  }
}
