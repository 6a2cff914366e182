import type { DomainEvent } from '../../domain/events/domain-events.js';
import type { PendingEvents } from '../../domain/events/outbox-source.js';

/**
 * The events of several outboxes in the order they happened, as far as clocks can tell. Within one outbox the order
 * stays as it is, whatever the clocks say.
 */
export function inOrder(outboxes: readonly PendingEvents[]): readonly DomainEvent[] {
  return outboxes
    .flatMap(({ events }) => {
      let latest = -Infinity;
      return events.map((event) => {
        latest = Math.max(latest, event.at.getTime());
        return { event, at: latest };
      });
    })
    .sort((one, other) => one.at - other.at)
    .map(({ event }) => event);
}
