import { OnEvent } from '@nestjs/event-emitter';
import type { DomainEvent, DomainEventType } from '../../domain/events/domain-events.js';

type Listener<T extends DomainEventType> = (event: DomainEvent<T>) => Promise<void>;

/**
 * Marks an async method as a listener for one event; the compiler checks name and payload together. What it throws
 * reaches publishAndWait, and is logged for publish.
 */
export function OnDomainEvent<T extends DomainEventType>(type: T) {
  return (target: object, key: string, descriptor: TypedPropertyDescriptor<Listener<T>>): void => {
    OnEvent(type, { suppressErrors: false })(target, key, descriptor);
  };
}
