import { Injectable } from '@nestjs/common';
import { OutboxSources, type OutboxSource } from '../../domain/events/outbox-source.js';

/** Collects the outbox source of each data module; see outboxSourceProvider. */
@Injectable()
export class OutboxRegistry extends OutboxSources {
  private readonly sources: OutboxSource[] = [];

  add(source: OutboxSource): OutboxSource {
    this.sources.push(source);
    return source;
  }

  all(): readonly OutboxSource[] {
    return this.sources;
  }
}
