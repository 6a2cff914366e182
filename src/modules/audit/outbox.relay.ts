import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { DomainEvent, DomainEventType, SubjectType } from '../../domain/events/domain-events.js';
import { OutboxSources, type OutboxSource, type PendingEvents } from '../../domain/events/outbox-source.js';
import type { TenantId } from '../../domain/ids.js';
import { DomainEventBus } from '../../platform/events/domain-event-bus.js';
import { CheckpointWriter } from './checkpoint-writer.js';
import { EventLogAppender } from './event-log-appender.js';
import { inOrder } from './outbox-groups.js';

/**
 * How long documents are gathered before their outboxes are moved together. In milliseconds. Nobody waits for the log,
 * and moving fifty documents costs hardly more than moving one.
 */
const WINDOW_MS = 50;
const MOST_DOCUMENTS = 200;
/**
 * What begins something is followed by what comes of it, and moved along with that: one move in place of two, and none that
 * competes with the very start or run that was asked for. Unless nothing follows for so long. In milliseconds.
 */
const FOLLOWED: ReadonlySet<DomainEventType> = new Set<DomainEventType>(['lifecycle.requested', 'run.started']);
const FOLLOWED_WITHIN_MS = 500;
const LONGEST_BACKOFF_MS = 5_000;
/** How long a stop waits for outboxes that can't be moved. What stays is moved at the next start. */
const DRAIN_MS = 5_000;

/** Documents whose outboxes are to be moved, by collection. */
type Documents = Map<SubjectType, Set<string>>;

interface TenantWork {
  readonly documents: Documents;
  failures: number;
  running: Promise<void> | null;
}

/**
 * Moves outboxes into the event log: whole outboxes, in their order, many together. Nudged by what this process
 * publishes, and by OutboxSweeper for what it missed.
 */
@Injectable()
export class OutboxRelay implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger(OutboxRelay.name);
  private readonly work = new Map<TenantId, TenantWork>();
  /** Waiting for what follows, by document. */
  private readonly followed = new Map<string, { readonly timer: NodeJS.Timeout; readonly move: () => void }>();
  private readonly stop = new AbortController();
  private closing = false;

  constructor(
    private readonly bus: DomainEventBus,
    private readonly sources: OutboxSources,
    private readonly appender: EventLogAppender,
    private readonly checkpoints: CheckpointWriter,
  ) {}

  onModuleInit(): void {
    this.bus.onAny((event) => {
      if (FOLLOWED.has(event.type) && !this.closing) this.nudgeLater(event);
      else this.nudge(event.tenantId, event.subject.type, event.subject.id);
    });
  }

  /** Has this document's outbox moved soon. */
  nudge(tenantId: TenantId, type: SubjectType, documentId: string): void {
    clearTimeout(this.followed.get(documentId)?.timer);
    this.followed.delete(documentId);
    const work = this.workOf(tenantId);
    const ids = work.documents.get(type) ?? new Set();
    work.documents.set(type, ids.add(documentId));
    work.running ??= this.run(tenantId, work);
  }

  /** Resolves when nothing is left to be moved that this process knows of. */
  async settled(): Promise<void> {
    for (const { move } of this.followed.values()) move();
    for (const { running } of this.work.values()) await running;
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.closing = true;
    const limit = setTimeout(() => {
      this.stop.abort();
    }, DRAIN_MS);
    await this.settled();
    clearTimeout(limit);
    await this.appender.close();
    await this.checkpoints.write();
  }

  private nudgeLater({ tenantId, subject: { type, id } }: DomainEvent): void {
    const move = (): void => {
      this.nudge(tenantId, type, id);
    };
    if (this.followed.has(id)) return;
    this.followed.set(id, { timer: setTimeout(move, FOLLOWED_WITHIN_MS), move });
  }

  private workOf(tenantId: TenantId): TenantWork {
    const known = this.work.get(tenantId);
    if (known !== undefined) return known;
    const made: TenantWork = { documents: new Map(), failures: 0, running: null };
    this.work.set(tenantId, made);
    return made;
  }

  private async run(tenantId: TenantId, work: TenantWork): Promise<void> {
    while (work.documents.size > 0 && !this.stop.signal.aborted) {
      if (!this.closing) await this.pause(WINDOW_MS);
      const documents = take(work.documents, MOST_DOCUMENTS);
      try {
        await this.move(documents);
        work.failures = 0;
      } catch (cause) {
        work.failures += 1;
        this.logger.warn({ msg: 'outboxes could not be moved; trying again', tenantId, err: cause });
        for (const [type, ids] of documents) {
          const again = work.documents.get(type) ?? new Set();
          for (const id of ids) again.add(id);
          work.documents.set(type, again);
        }
        await this.pause(Math.min(LONGEST_BACKOFF_MS, 50 * 2 ** work.failures));
      }
    }
    work.running = null;
  }

  private async move(documents: Documents): Promise<void> {
    const groups = await Promise.all(
      this.sources
        .all()
        .filter(({ subjectType }) => documents.has(subjectType))
        .map(async (source) => ({
          source,
          outboxes: await source.read([...(documents.get(source.subjectType) ?? [])]),
        })),
    );
    const events = inOrder(groups.flatMap(({ outboxes }) => outboxes));
    if (events.length === 0) return;
    await this.appender.append(events);
    await Promise.all(groups.map(({ source, outboxes }) => acknowledge(source, outboxes)));
  }

  /** Shorter when Muster is stopping. */
  private async pause(ms: number): Promise<void> {
    const { signal } = this.stop;
    // It fails by the signal alone, which the caller looks at.
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  }
}

async function acknowledge(source: OutboxSource, outboxes: readonly PendingEvents[]): Promise<void> {
  if (outboxes.length === 0) return;
  await source.acknowledge(
    outboxes.map(({ documentId }) => documentId),
    outboxes.flatMap(({ events }) => events.map(({ eventId }) => eventId)),
  );
}

/** Takes up to `limit` documents out of `documents`. */
function take(documents: Documents, limit: number): Documents {
  const taken: Documents = new Map();
  let left = limit;
  for (const [type, ids] of documents) {
    const some = [...ids].slice(0, left);
    for (const id of some) ids.delete(id);
    if (ids.size === 0) documents.delete(type);
    if (some.length > 0) taken.set(type, new Set(some));
    left -= some.length;
    if (left === 0) break;
  }
  return taken;
}
