import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors/domain-error.js';
import { ValidationFailedError } from '../../domain/errors/validation-failed.error.js';
import { EVENT_PERMISSIONS, eventTypesFor } from '../../domain/events/event-permissions.js';
import { EventLogStore, type EventFilter } from '../../domain/events/event-log.js';
import type { Principal } from '../../domain/identity/principal.js';
import type { EventQuery } from '../../platform/http/event-query.dto.js';
import type { Subscription } from './event-feed.js';

const SEQ = /^\d{1,15}$/;

/** Which part of the log a caller follows. */
@Injectable()
export class EventStreamService {
  constructor(private readonly log: EventLogStore) {}

  /**
   * @param lastEventId where an earlier stream of this client broke off; it goes before `query.after`
   * @throws ValidationFailedError, DomainError FORBIDDEN
   */
  async subscribe(
    { tenantId, role }: Principal,
    query: EventQuery,
    lastEventId: string | undefined,
  ): Promise<Subscription> {
    const filter = { types: typesFor(role, query.type), subjectId: query.subject };
    if (lastEventId !== undefined && !SEQ.test(lastEventId)) {
      throw new ValidationFailedError([{ pointer: 'Last-Event-ID', detail: 'must be the id of an event, or 0' }]);
    }
    const wanted = lastEventId ?? query.after;
    const head = (await this.log.head(tenantId))?.seq ?? 0;
    const after = wanted === undefined ? head : Number(wanted);
    if (after > head) {
      const pointer = lastEventId === undefined ? 'after' : 'Last-Event-ID';
      throw new ValidationFailedError([{ pointer, detail: `is beyond the end of the log, which is ${head}` }]);
    }
    return { tenantId, after, head, filter };
  }
}

/** undefined: all there are. */
function typesFor(role: Principal['role'], wanted: EventQuery['type']): EventFilter['types'] {
  const allowed = eventTypesFor(role);
  const beyond = wanted?.find((type) => !allowed.includes(type));
  if (beyond !== undefined) {
    const permission = EVENT_PERMISSIONS[beyond];
    throw new DomainError(
      'FORBIDDEN',
      `Seeing ${beyond} needs the permission ${permission}; the role ${role} lacks it.`,
      {
        details: { permission, role },
      },
    );
  }
  if (wanted !== undefined) return wanted;
  return allowed.length === Object.keys(EVENT_PERMISSIONS).length ? undefined : allowed;
}
