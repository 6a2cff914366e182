import { Injectable } from '@nestjs/common';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import { OnDomainEvent } from '../../platform/events/on-domain-event.decorator.js';
import { UplinkKeeper } from './uplink-keeper.js';

/** Has the uplinks of an agent opened and closed at once; what is missed here is found by looking. */
@Injectable()
export class UplinkListener {
  constructor(private readonly keeper: UplinkKeeper) {}

  @OnDomainEvent('lifecycle.requested')
  async onRequested({ data }: DomainEvent<'lifecycle.requested'>): Promise<void> {
    this.keeper.look(data.instanceId);
    return Promise.resolve();
  }
}
