import { describe, expect, it } from '@jest/globals';
import { InMemoryEventLog } from '../../../test/support/in-memory/event-log.js';
import { systemActor } from '../../domain/events/actor.js';
import { domainEvent, type DomainEventType } from '../../domain/events/domain-events.js';
import type { LogEntry } from '../../domain/events/event-log.js';
import { newId, type ProjectId, type TenantId } from '../../domain/ids.js';
import { EventFeed, type FeedEnvironment, type Subscription } from './event-feed.js';

const tenantId = newId<TenantId>();
const DAY = 86_400_000;

function entry(seq: number, type: DomainEventType = 'project.updated'): LogEntry {
  const projectId = newId<ProjectId>();
  const about = { tenantId, actor: systemActor('test'), subject: { type: 'project', id: projectId } as const };
  const chained = { seq, prevHash: '', hash: '', signature: '', keyId: '' };
  return { ...domainEvent('project.updated', about, { projectId, fields: [] }), type, ...chained };
}

/** A feed, what it is told, and what came out of it. */
class World {
  readonly log = new InMemoryEventLog();
  readonly ended = new AbortController();
  readonly troubles: unknown[] = [];
  stalls = 0;
  allowed = true;
  following = 0;
  reads = 0;
  private listener: (seq: number) => void = () => undefined;
  readonly feed: AsyncGenerator<string>;

  constructor(subscription: Partial<Subscription> = {}, settings: Partial<FeedEnvironment['settings']> = {}) {
    const { log } = this;
    this.feed = new EventFeed(
      { tenantId, after: 0, head: 0, filter: {}, ...subscription },
      {
        log: {
          readAfter: (...args) => {
            this.reads += 1;
            return log.readAfter(...args);
          },
        },
        follow: (_tenant, listener) => {
          this.listener = listener;
          this.following += 1;
          return () => (this.following -= 1);
        },
        isAllowed: () => Promise.resolve(this.allowed),
        signal: this.ended.signal,
        onStall: () => (this.stalls += 1),
        onTrouble: (error) => this.troubles.push(error),
        settings: { page: 3, heartbeatMs: DAY, retryMs: 1, stallMs: DAY, ...settings },
      },
    ).run();
  }

  append(...entries: LogEntry[]): void {
    this.log.entries.push(...entries);
    this.listener(entries.at(-1)!.seq);
  }

  async next(): Promise<string | undefined> {
    const { value } = (await this.feed.next()) as { value: string | undefined };
    return value;
  }

  /** The ids of the next messages. */
  async ids(count: number): Promise<number[]> {
    const ids: number[] = [];
    while (ids.length < count) ids.push(Number(/^id: (\d+)$/m.exec((await this.next())!)?.[1]));
    return ids;
  }
}

describe('an event feed', () => {
  it('says where it begins, gives what is there, and then what comes', async () => {
    const world = new World({ after: 2, head: 5 });
    world.log.entries.push(...[1, 2, 3, 4, 5].map((seq) => entry(seq)));
    expect(await world.next()).toBe('retry: 2000\nid: 2\n\n');
    expect(await world.ids(3)).toEqual([3, 4, 5]);
    const coming = world.ids(2);
    world.append(entry(6));
    world.append(entry(7));
    expect(await coming).toEqual([6, 7]);
  });

  it('gives each entry as one message of one line', async () => {
    const world = new World();
    await world.next();
    world.append({ ...entry(1), subject: { type: 'project', id: 'two\nlines' } });
    const lines = (await world.next())!.split('\n');
    expect(lines.slice(2)).toEqual(['', '']);
    expect(lines[0]).toBe('id: 1');
    expect(JSON.parse(lines[1]!.slice('data: '.length))).toMatchObject({ seq: 1, subject: { id: 'two\nlines' } });
    expect(lines[1]).not.toContain('signature');
  });

  it('reads no more than a page before the client has taken it', async () => {
    const world = new World({ head: 9 });
    world.log.entries.push(...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((seq) => entry(seq)));
    await world.ids(2);
    expect(world.reads).toBe(1);
    expect(await world.ids(8)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(world.reads).toBe(3);
  });

  it('moves the place of a client whose filter leaves everything out', async () => {
    const world = new World({ head: 2, filter: { types: ['run.ended'] } }, { heartbeatMs: 20 });
    world.log.entries.push(entry(1), entry(2));
    expect(await world.ids(1)).toEqual([0]);
    expect(await world.next()).toBe(': still here\nid: 2\n\n');
    const coming = world.ids(1);
    world.append(entry(3), entry(4, 'run.ended'), entry(5));
    expect(await coming).toEqual([4]);
    expect(await world.next()).toBe(': still here\nid: 5\n\n');
  });

  it('waits while the log cannot be read, says so once, and loses nothing', async () => {
    const world = new World();
    await world.next();
    const { log } = world;
    let failures = 3;
    const read = log.readAfter.bind(log);
    log.readAfter = async (...args) => (failures-- > 0 ? Promise.reject(new Error('away')) : read(...args));
    const coming = world.ids(1);
    world.append(entry(1));
    expect(await coming).toEqual([1]);
    expect(world.troubles).toEqual([new Error('away')]);
  });

  it('says nothing more once the client may not read', async () => {
    const world = new World();
    await world.next();
    world.allowed = false;
    const last = world.next();
    world.append(entry(1));
    expect(await last).toContain('event: problem\ndata: {"code":"UNAUTHENTICATED"');
    expect(await world.next()).toBeUndefined();
    expect(world.following).toBe(0);
  });

  it('tells of a client that takes nothing', async () => {
    const world = new World({}, { stallMs: 5 });
    await world.next();
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        if (world.stalls === 0) return;
        clearInterval(timer);
        resolve();
      }, 5);
    });
    expect(world.stalls).toBe(1);
  });

  it('ends on the signal, also while it waits, and follows nothing any more', async () => {
    const world = new World();
    await world.next();
    const last = world.next();
    world.ended.abort();
    expect(await last).toBeUndefined();
    expect(world.following).toBe(0);
  });
});
