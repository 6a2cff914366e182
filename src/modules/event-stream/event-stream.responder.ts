import { Injectable, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { DomainError } from '../../domain/errors/domain-error.js';
import { EventLogStore } from '../../domain/events/event-log.js';
import type { ApiKeyId } from '../../domain/ids.js';
import { AccessControl } from '../../platform/http/access-control.js';
import { Draining } from '../../platform/http/draining.js';
import { EventFeed, type Subscription } from './event-feed.js';
import { EventStreamSettings } from './event-stream-settings.js';
import { LogTail } from './log-tail.js';

/** Answers with event streams: so many for each key, until the client leaves, its key is revoked, or Muster stops. */
@Injectable()
export class EventStreamResponder {
  private readonly logger = new Logger(EventStreamResponder.name);
  private readonly openOf = new Map<ApiKeyId, number>();

  constructor(
    private readonly log: EventLogStore,
    private readonly tail: LogTail,
    private readonly access: AccessControl,
    private readonly draining: Draining,
    private readonly settings: EventStreamSettings,
  ) {}

  /** Streams open at this process. */
  get open(): number {
    return [...this.openOf.values()].reduce((sum, count) => sum + count, 0);
  }

  /** @throws DomainError TOO_MANY_STREAMS */
  async respond(
    key: ApiKeyId,
    subscription: Subscription,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const left = this.enter(key);
    const ended = new AbortController();
    reply.raw.once('close', () => {
      ended.abort();
      left();
    });
    const { tenantId } = subscription;
    const feed = new EventFeed(subscription, {
      log: this.log,
      follow: (id, listener) => this.tail.follow(id, listener),
      isAllowed: () => this.access.stillAllows(request),
      signal: AbortSignal.any([ended.signal, this.draining.signal]),
      onStall: () => {
        this.logger.warn({ msg: 'cut off an event stream that nobody reads', tenantId, apiKeyId: key });
        reply.raw.destroy();
      },
      onTrouble: (error) => {
        this.logger.warn({ msg: 'an event stream waits: the log cannot be read', tenantId, err: error });
      },
      settings: this.settings,
    });
    await reply
      .header('content-type', 'text/event-stream; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('x-accel-buffering', 'no')
      .send(Readable.from(feed.run(), { objectMode: false }));
  }

  /** @returns a function that gives the place back */
  private enter(key: ApiKeyId): () => void {
    const open = this.openOf.get(key) ?? 0;
    const { perKey } = this.settings;
    if (open >= perKey) {
      throw new DomainError('TOO_MANY_STREAMS', `This key follows ${open} streams at this process; it may ${perKey}.`, {
        details: { limit: perKey },
      });
    }
    this.openOf.set(key, open + 1);
    return () => {
      const left = (this.openOf.get(key) ?? 1) - 1;
      if (left === 0) this.openOf.delete(key);
      else this.openOf.set(key, left);
    };
  }
}
