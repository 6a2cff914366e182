import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DirectEventAppender } from '../../domain/events/direct-event-appender.js';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import { EventLogStore } from '../../domain/events/event-log.js';
import { Signer } from '../../domain/events/signer.js';
import type { TenantId } from '../../domain/ids.js';
import { Telemetry } from '../../domain/telemetry/telemetry.js';
import { LogGrowth } from '../../platform/events/log-growth.js';
import { AppendLease } from './append-lease.js';
import { CheckpointWriter } from './checkpoint-writer.js';
import { TenantAppender } from './tenant-appender.js';

/** Appends events to their tenants' chains: hashed, signed, each once. */
@Injectable()
export class EventLogAppender extends DirectEventAppender {
  /** Names this process to the others that share the database. */
  private readonly owner = randomUUID();
  private readonly tenants = new Map<TenantId, TenantAppender>();

  constructor(
    private readonly store: EventLogStore,
    private readonly signer: Signer,
    private readonly checkpoints: CheckpointWriter,
    private readonly growth: LogGrowth,
    private readonly telemetry: Telemetry,
  ) {
    super();
  }

  async append(events: readonly DomainEvent[]): Promise<void> {
    const byTenant = new Map<TenantId, DomainEvent[]>();
    for (const event of events) byTenant.set(event.tenantId, [...(byTenant.get(event.tenantId) ?? []), event]);
    await Promise.all([...byTenant].map(([tenantId, theirs]) => this.of(tenantId).append(theirs)));
  }

  /** Finishes what is queued, and gives the leases back. */
  async close(): Promise<void> {
    await Promise.all([...this.tenants.values()].map((tenant) => tenant.close()));
  }

  private of(tenantId: TenantId): TenantAppender {
    const known = this.tenants.get(tenantId);
    if (known !== undefined) return known;
    const lease = new AppendLease(tenantId, this.owner, this.store);
    const made = new TenantAppender(tenantId, lease, this.store, this.signer, (id, head, entries) => {
      this.checkpoints.note(id, head);
      this.growth.grew(id, head.seq);
      this.telemetry.eventsLogged(entries);
    });
    this.tenants.set(tenantId, made);
    return made;
  }
}
