import type { DomainEvent } from '../events/domain-events.js';
import type { LifecycleRequest } from './lifecycle.js';

/** What an agent remembers of the request that the event tells of. */
export const requestOf = ({ actor, data }: DomainEvent<'lifecycle.requested'>): LifecycleRequest => ({
  generation: data.generation,
  action: data.action,
  by: actor,
  reason: data.reason ?? null,
});
