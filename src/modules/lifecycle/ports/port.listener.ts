import { Injectable } from '@nestjs/common';
import type { DomainEvent } from '../../../domain/events/domain-events.js';
import { OnDomainEvent } from '../../../platform/events/on-domain-event.decorator.js';
import { PortKeeper } from './port-keeper.js';

/** Has the ports of an agent opened and closed at once; what is missed here is found by looking. */
@Injectable()
export class PortListener {
  constructor(private readonly keeper: PortKeeper) {}

  @OnDomainEvent('lifecycle.requested')
  async onRequested({ data }: DomainEvent<'lifecycle.requested'>): Promise<void> {
    this.keeper.look(data.instanceId);
    return Promise.resolve();
  }
}
