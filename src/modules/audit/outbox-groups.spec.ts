import { describe, expect, it } from '@jest/globals';
import { systemActor } from '../../domain/events/actor.js';
import { domainEvent, type DomainEvent } from '../../domain/events/domain-events.js';
import type { PendingEvents } from '../../domain/events/outbox-source.js';
import { newId, type ProjectId, type TenantId } from '../../domain/ids.js';
import { inOrder } from './outbox-groups.js';

const tenantId = newId<TenantId>();

/** An outbox with events at these times. */
const outbox = (...times: number[]): PendingEvents => {
  const projectId = newId<ProjectId>();
  const about = { tenantId, actor: systemActor('test'), subject: { type: 'project', id: projectId } as const };
  const events = times.map((time): DomainEvent => ({
    ...domainEvent('project.updated', about, { projectId, fields: [] }),
    at: new Date(time),
  }));
  return { documentId: projectId, tenantId, events };
};

describe('inOrder', () => {
  it('puts the events of several documents in the order they happened', () => {
    const times = inOrder([outbox(10, 40), outbox(20), outbox(5, 30)]).map(({ at }) => at.getTime());
    expect(times).toEqual([5, 10, 20, 30, 40]);
  });

  it('keeps the order within a document, also when a clock was set back', () => {
    const back = outbox(50, 10, 60);
    const ids = inOrder([outbox(20), back, outbox(55)]).map(({ eventId }) => eventId);
    const places = back.events.map(({ eventId }) => ids.indexOf(eventId));
    expect(places).toEqual([...places].sort((one, other) => one - other));
  });
});
