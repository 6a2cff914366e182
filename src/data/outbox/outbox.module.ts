import { Module } from '@nestjs/common';
import { OutboxSources } from '../../domain/events/outbox-source.js';
import { OutboxRegistry } from './outbox-registry.js';

/** Where data modules say that their collection has outboxes, and the relay learns of all of them. */
@Module({
  providers: [OutboxRegistry, { provide: OutboxSources, useExisting: OutboxRegistry }],
  exports: [OutboxRegistry, OutboxSources],
})
export class OutboxModule {}
