import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import { ArchivedError } from '../../domain/errors/archived.error.js';
import { ConcurrentUpdateError } from '../../domain/errors/concurrent-update.error.js';
import { NameTakenError } from '../../domain/errors/name-taken.error.js';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { OutboxFullError } from '../../domain/errors/outbox-full.error.js';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import { OUTBOX_LIMIT } from '../../domain/events/outbox-source.js';
import type { TemplateId, TenantId } from '../../domain/ids.js';
import type { Page, PageRequest } from '../../domain/page.js';
import type { Sourced, Template, TemplateSummary } from '../../domain/templates/template.js';
import { Templates, type TemplateFilter, type TemplateHead } from '../../domain/templates/templates.repository.js';
import { driverCollection } from '../database/driver-collection.js';
import { outboxHasRoom, toOutboxRecord } from '../outbox/outbox.schema.js';
import { isDuplicateKey } from '../database/is-duplicate-key.js';
import { listFilter } from './template-list.filter.js';
import {
  fromTemplate,
  HEAD_PROJECTION,
  SUMMARY_PROJECTION,
  TEMPLATE_PROJECTION,
  toHead,
  toSummary,
  toTemplate,
  type ReadSummary,
  type ReadTemplate,
} from './template.mapper.js';
import { TEMPLATE_MODEL, type TemplateRecord } from './template.schema.js';

@Injectable()
export class MongoTemplates extends Templates {
  private readonly collection: mongo.Collection<TemplateRecord>;

  constructor(@InjectModel(TEMPLATE_MODEL) model: Model<TemplateRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  async insert(created: Sourced<Template>, event: DomainEvent<'template.created'>): Promise<void> {
    try {
      await this.collection.insertOne({ ...fromTemplate(created), outbox: [toOutboxRecord(event)] });
    } catch (error) {
      if (isDuplicateKey(error)) throw new NameTakenError('template', created.template.name);
      throw error;
    }
  }

  async find(tenantId: TenantId, id: TemplateId): Promise<Template | null> {
    const record = await this.collection.findOne<ReadTemplate>(one(tenantId, id), {
      projection: TEMPLATE_PROJECTION,
    });
    return record === null ? null : toTemplate(record);
  }

  async findSourced(tenantId: TenantId, id: TemplateId): Promise<Sourced<Template> | null> {
    return this.findOneSourced(one(tenantId, id));
  }

  async findByName(tenantId: TenantId, name: string): Promise<Sourced<Template> | null> {
    return this.findOneSourced({ tenantId: new Types.ObjectId(tenantId), nameKey: name });
  }

  async findHeads(tenantId: TenantId, ids: readonly TemplateId[]): Promise<readonly TemplateHead[]> {
    const records = await this.collection
      .find<TemplateRecord>(some(tenantId, ids), { projection: HEAD_PROJECTION })
      .toArray();
    return records.map(toHead);
  }

  async findMany(tenantId: TenantId, ids: readonly TemplateId[]): Promise<readonly Template[]> {
    const records = await this.collection
      .find<ReadTemplate>(some(tenantId, ids), { projection: TEMPLATE_PROJECTION })
      .toArray();
    return records.map(toTemplate);
  }

  async list(tenantId: TenantId, filter: TemplateFilter, page: PageRequest): Promise<Page<TemplateSummary>> {
    const records = await this.collection
      .find<ReadSummary>(listFilter(tenantId, filter, page.cursor), {
        projection: SUMMARY_PROJECTION,
        sort: { _id: -1 },
        limit: page.limit + 1,
      })
      .toArray();
    const items = records.slice(0, page.limit).map(toSummary);
    return { items, nextCursor: records.length > page.limit ? (items.at(-1)?.id ?? null) : null };
  }

  async replaceHead(next: Sourced<Template>, event: DomainEvent<'template.version-created'>): Promise<void> {
    const { tenantId, id, version } = next.template;
    const { digest, content, source, versionCreatedAt, versionCreatedBy, updatedAt } = fromTemplate(next);
    const written = await this.collection.updateOne(
      { ...one(tenantId, id), version: version - 1, archivedAt: null, ...outboxHasRoom(OUTBOX_LIMIT) },
      {
        $set: { version, digest, content, source, versionCreatedAt, versionCreatedBy, updatedAt },
        $push: { outbox: toOutboxRecord(event) },
      },
    );
    if (written.matchedCount === 0) throw await this.whyNotMatched(tenantId, id, version - 1);
  }

  async archive(
    tenantId: TenantId,
    id: TemplateId,
    version: number,
    event: DomainEvent<'template.archived'>,
  ): Promise<'archived' | 'was archived'> {
    const template = await this.collection.findOne<Pick<TemplateRecord, 'name' | 'archivedAt'>>(one(tenantId, id), {
      projection: { name: 1, archivedAt: 1 },
    });
    if (template === null) throw new NotFoundError('template', id);
    if (template.archivedAt !== null) return 'was archived';
    const written = await this.collection.updateOne(
      { ...one(tenantId, id), version, archivedAt: null, ...outboxHasRoom(OUTBOX_LIMIT) },
      {
        $set: { archivedAt: event.at, updatedAt: event.at, nameKey: `${template.name}#${id}` },
        $push: { outbox: toOutboxRecord(event) },
      },
    );
    if (written.matchedCount === 1) return 'archived';
    const reason = await this.whyNotMatched(tenantId, id, version);
    if (reason instanceof ArchivedError) return 'was archived';
    throw reason;
  }

  private async findOneSourced(filter: object): Promise<Sourced<Template> | null> {
    const record = await this.collection.findOne<TemplateRecord>(filter, { projection: { outbox: 0 } });
    return record === null ? null : { template: toTemplate(record), source: record.source };
  }

  /** Why a conditional write on the head `version` found nothing. */
  private async whyNotMatched(tenantId: TenantId, id: TemplateId, version: number): Promise<Error> {
    const [head] = await this.findHeads(tenantId, [id]);
    if (head === undefined) return new NotFoundError('template', id);
    if (head.archivedAt !== null) return new ArchivedError('template', id);
    if (head.version !== version) return new ConcurrentUpdateError('template', id);
    return new OutboxFullError('template', id);
  }
}

const one = (tenantId: TenantId, id: TemplateId) => ({
  _id: new Types.ObjectId(id),
  tenantId: new Types.ObjectId(tenantId),
});

const some = (tenantId: TenantId, ids: readonly TemplateId[]) => ({
  _id: { $in: ids.map((id) => new Types.ObjectId(id)) },
  tenantId: new Types.ObjectId(tenantId),
});
