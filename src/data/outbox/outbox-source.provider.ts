import type { FactoryProvider } from '@nestjs/common';
import { getModelToken } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import type { SubjectType } from '../../domain/events/domain-events.js';
import type { OutboxSource } from '../../domain/events/outbox-source.js';
import { MongoOutboxSource, type WithOutbox } from './mongo-outbox-source.js';
import { OutboxRegistry } from './outbox-registry.js';

/**
 * Tells the relay of a collection's outboxes. A data module lists it among its providers, and imports OutboxModule.
 * `subjectType` is the subject type of every event in those outboxes; the subject's id is the document's.
 */
export const outboxSourceProvider = (subjectType: SubjectType, modelName: string): FactoryProvider<OutboxSource> => ({
  provide: `outbox source of ${subjectType}`,
  useFactory: (registry: OutboxRegistry, model: Model<WithOutbox>) =>
    registry.add(new MongoOutboxSource(subjectType, model)),
  inject: [OutboxRegistry, getModelToken(modelName)],
});
