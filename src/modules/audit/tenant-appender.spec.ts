import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { systemActor } from '../../domain/events/actor.js';
import { domainEvent, type DomainEvent } from '../../domain/events/domain-events.js';
import type { LogHead } from '../../domain/events/event-log.js';
import { newId, type ProjectId, type TenantId } from '../../domain/ids.js';
import { KeyFileSigner } from '../../platform/crypto/key-file-signer.js';
import { InMemoryEventLog, type InsertFailure } from '../../../test/support/in-memory/event-log.js';
import { AppendLease } from './append-lease.js';
import { AuditService } from './audit.service.js';
import { chain, GENESIS } from './chain.js';
import { TenantAppender } from './tenant-appender.js';

const tenantId = newId<TenantId>();
const signer = new KeyFileSigner(generateKeyPairSync('ed25519').privateKey);

const someEvents = (count: number): DomainEvent[] =>
  Array.from({ length: count }, () => {
    const projectId = newId<ProjectId>();
    const about = { tenantId, actor: systemActor('test'), subject: { type: 'project', id: projectId } as const };
    return domainEvent('project.updated', about, { projectId, fields: ['name'] });
  });

describe('TenantAppender', () => {
  let log: InMemoryEventLog;
  let heads: LogHead[];
  let appender: TenantAppender;

  beforeEach(() => {
    log = new InMemoryEventLog();
    heads = [];
    appender = new TenantAppender(tenantId, new AppendLease(tenantId, 'me', log), log, signer, (_, head) =>
      heads.push(head),
    );
  });

  const idsInLog = () => log.entries.map(({ eventId }) => eventId);
  const idsOf = (events: readonly DomainEvent[]) => events.map(({ eventId }) => eventId);

  /** No gap, no broken link, every hash and signature right. */
  async function expectWholeChain(): Promise<void> {
    const checkpoints = { append: () => Promise.resolve(), newest: () => Promise.resolve(null) };
    expect(await new AuditService(log, checkpoints, signer).verifyChain(tenantId)).toMatchObject({
      ok: true,
      entries: log.entries.length,
    });
  }

  it('appends groups in the order they came, and tells the end', async () => {
    const groups = [someEvents(2), someEvents(1), someEvents(3)];
    await Promise.all(groups.map((group) => appender.append(group)));
    expect(idsInLog()).toEqual(idsOf(groups.flat()));
    expect(heads.at(-1)).toEqual({ seq: 6, hash: log.entries[5]?.hash });
    await expectWholeChain();
  });

  it.each<InsertFailure[]>([['before'], ['halfway'], ['after'], ['halfway', 'after'], ['before', 'halfway', 'after']])(
    'has each event once after an insert that failed: %s %s %s',
    async (...failures) => {
      await appender.append(someEvents(3));
      log.failures.push(...failures);
      const events = someEvents(4);
      await appender.append(events);
      await appender.append(events);
      expect(idsInLog().slice(3)).toEqual(idsOf(events));
      await expectWholeChain();
    },
  );

  it('gives up after some attempts, and goes on with what comes next', async () => {
    log.failures.push(...Array<InsertFailure>(5).fill('before'));
    await expect(appender.append(someEvents(1))).rejects.toThrow('connection was lost');
    const events = someEvents(1);
    await appender.append(events);
    expect(idsInLog()).toEqual(idsOf(events));
  });

  it('chains anew behind whoever took its place', async () => {
    await appender.append(someEvents(1));
    const [stranger] = someEvents(1);
    const { entries } = log;
    const [foreign] = await chain(entries.at(-1) ?? GENESIS, [stranger!], signer);
    log.beforeInsert = () => {
      entries.push(foreign!);
      log.beforeInsert = () => undefined;
    };
    const events = someEvents(3);
    await appender.append(events);
    expect(idsInLog().slice(1)).toEqual([stranger!.eventId, ...idsOf(events)]);
    await expectWholeChain();
  });

  it('waits for the lease, and gives it back when there is nothing more to do', async () => {
    log.leaseOwner = 'somebody else';
    const appended = appender.append(someEvents(1));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(log.entries).toEqual([]);
    log.leaseOwner = null;
    await appended;
    expect(log.leaseOwner).toBe('me');
    await appender.close();
    expect(log.leaseOwner).toBeNull();
  });
});
