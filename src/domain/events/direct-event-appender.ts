import type { DomainEvent } from './domain-events.js';

/**
 * Appends events that belong to no document, such as refusals, to the event log directly. They have no outbox: what a
 * crash loses between happening and appending is lost.
 */
export abstract class DirectEventAppender {
  /** Resolves when the events are in their tenants' logs. An event whose id is logged already is dropped. */
  abstract append(events: readonly DomainEvent[]): Promise<void>;
}
