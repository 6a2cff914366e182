import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DirectEventAppender } from '../../src/domain/events/direct-event-appender.js';
import { systemActor } from '../../src/domain/events/actor.js';
import { domainEvent, type DomainEvent } from '../../src/domain/events/domain-events.js';
import { EventLogStore } from '../../src/domain/events/event-log.js';
import { newId, type ProjectId, type TenantId } from '../../src/domain/ids.js';
import { Signer } from '../../src/domain/events/signer.js';
import { AppendLease } from '../../src/modules/audit/append-lease.js';
import { AuditService } from '../../src/modules/audit/audit.service.js';
import { hashOf } from '../../src/modules/audit/chain.js';
import { CheckpointWriter } from '../../src/modules/audit/checkpoint-writer.js';
import { TenantAppender } from '../../src/modules/audit/tenant-appender.js';
import { TestApp } from '../support/app.js';

const updated = (tenantId: TenantId): DomainEvent<'project.updated'> => {
  const projectId = newId<ProjectId>();
  const about = { tenantId, actor: systemActor('test'), subject: { type: 'project', id: projectId } as const };
  return domainEvent('project.updated', about, { projectId, fields: ['name'] });
};

const batch = (tenantId: TenantId, size: number): DomainEvent[] =>
  Array.from({ length: size }, () => updated(tenantId));

describe('the event log', () => {
  let muster: TestApp;
  let tenantId: TenantId;

  beforeEach(async () => {
    muster = await TestApp.start();
    tenantId = newId<TenantId>();
  });

  afterEach(async () => {
    await muster.stop();
  });

  const appender = (app = muster): DirectEventAppender => app.app.get(DirectEventAppender, { strict: false });
  const verify = async (app = muster) => app.app.get(AuditService, { strict: false }).verifyChain(tenantId);
  const store = (): EventLogStore => muster.app.get(EventLogStore, { strict: false });
  const entries = async () => store().readAfter(tenantId, 0, 1000);
  const collection = () => muster.database.db.collection('event_log');

  it('numbers, links, hashes and signs what is appended', async () => {
    const events = batch(tenantId, 3);
    await appender().append(events);
    const logged = await entries();
    expect(logged.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(logged.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId));
    expect(logged[0]?.prevHash).toBe('0'.repeat(64));
    expect(logged[1]?.prevHash).toBe(logged[0]?.hash);
    expect(logged[2]?.prevHash).toBe(logged[1]?.hash);
    expect(await verify()).toEqual({ ok: true, entries: 3, head: 3, checkpoint: null, faults: [] });
  });

  it('drops what is logged already, and chains the rest', async () => {
    const [first, second, third, fourth] = batch(tenantId, 4) as [DomainEvent, DomainEvent, DomainEvent, DomainEvent];
    await appender().append([second]);
    await appender().append([first, second, third, second, fourth]);
    expect((await entries()).map(({ eventId }) => eventId)).toEqual(
      [second, first, third, fourth].map(({ eventId }) => eventId),
    );
    expect(await verify()).toMatchObject({ ok: true, entries: 4 });
  });

  it('is one chain when two processes append to it at once, each event once', async () => {
    const other = await TestApp.start({}, muster.database);
    try {
      const groups = Array.from({ length: 30 }, () => batch(tenantId, 4));
      await Promise.all(groups.flatMap((group) => [appender(muster).append(group), appender(other).append(group)]));
      const logged = await entries();
      expect(logged).toHaveLength(120);
      expect(new Set(logged.map(({ eventId }) => eventId)).size).toBe(120);
      expect(logged.map(({ seq }) => seq)).toEqual(Array.from({ length: 120 }, (_, index) => index + 1));
    } finally {
      await other.stop();
    }
  });

  it('stays one chain when the lease is worthless and both write whenever they like', async () => {
    const always = (real: EventLogStore): EventLogStore =>
      Object.assign(Object.create(real) as EventLogStore, { acquireAppendLease: () => Promise.resolve(true) });
    const signer = muster.app.get(Signer, { strict: false });
    const appenders = [always(store()), always(store())].map(
      (each, index) =>
        new TenantAppender(tenantId, new AppendLease(tenantId, String(index), each), each, signer, () => undefined),
    );
    await Promise.all(Array.from({ length: 20 }, (_, index) => appenders[index % 2]!.append(batch(tenantId, 5))));
    for (const each of appenders) await each.close();
    expect(await verify()).toMatchObject({ ok: true, entries: 100, head: 100 });
  });

  describe('verification', () => {
    beforeEach(async () => {
      await appender().append(batch(tenantId, 5));
    });

    const faults = async () => (await verify()).faults;
    const at = (seq: number) => ({ seq, tenantId: { $exists: true }, type: 'project.updated' });

    it('finds an altered entry', async () => {
      await collection().updateOne(at(3), { $set: { 'data.fields': ['description'] } });
      expect(await faults()).toEqual([{ seq: 3, kind: 'altered' }]);
    });

    it('finds an altered entry whose hash was made to fit', async () => {
      const third = (await entries())[2]!;
      const forged = { ...third, actor: systemActor('somebody else') };
      await collection().updateOne(at(3), { $set: { actor: forged.actor, hash: hashOf(forged) } });
      expect(await faults()).toEqual([
        { seq: 3, kind: 'bad-signature' },
        { seq: 4, kind: 'broken-link' },
      ]);
    });

    it('finds a missing entry', async () => {
      await collection().deleteOne(at(2));
      expect(await faults()).toEqual([{ seq: 2, kind: 'missing' }]);
    });

    it('finds that the tail was cut off, by the checkpoint outside the database', async () => {
      await muster.app.get(CheckpointWriter, { strict: false }).write();
      expect(await verify()).toMatchObject({ ok: true, checkpoint: 5 });
      await collection().deleteOne(at(5));
      expect(await faults()).toEqual([{ seq: 5, kind: 'tail-cut-off' }]);
    });

    it('finds that the tail was cut off and written anew', async () => {
      await muster.app.get(CheckpointWriter, { strict: false }).write();
      await collection().deleteMany({ seq: { $gte: 4 }, type: 'project.updated' });
      const other = await TestApp.start({}, muster.database);
      await appender(other).append(batch(tenantId, 3));
      await other.stop();
      expect(await faults()).toContainEqual({ seq: 5, kind: 'tail-cut-off' });
    });
  });
});
