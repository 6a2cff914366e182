import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import { ConcurrentUpdateError } from '../../domain/errors/concurrent-update.error.js';
import { OutboxFullError } from '../../domain/errors/outbox-full.error.js';
import type { Actor } from '../../domain/events/actor.js';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import { OUTBOX_LIMIT } from '../../domain/events/outbox-source.js';
import type { ProjectId, SecretId, TenantId } from '../../domain/ids.js';
import type { Page, PageRequest } from '../../domain/page.js';
import type { WrappedKey } from '../../domain/secrets/key-wrapper.js';
import type { SealedSecret, Secret, SecretScope } from '../../domain/secrets/secret.js';
import { Secrets, type OldKey, type ProjectScope, type SecretHead } from '../../domain/secrets/secrets.repository.js';
import { beforeCursor } from '../database/before-cursor.js';
import { driverCollection } from '../database/driver-collection.js';
import { isDuplicateKey } from '../database/is-duplicate-key.js';
import { outboxHasRoom, toOutboxRecord } from '../outbox/outbox.schema.js';
import {
  fromScope,
  fromSealedSecret,
  fromSealedValue,
  fromWrappedKey,
  SECRET_PROJECTION,
  toSealedValue,
  toSecret,
  toWrappedKey,
  type ReadSecret,
} from './secret.mapper.js';
import { SECRET_MODEL, type SecretRecord } from './secret.schema.js';

const WHAT = 'secret';
const LIVE = { sealed: { $ne: null } } as const;

@Injectable()
export class MongoSecrets extends Secrets {
  private readonly collection: mongo.Collection<SecretRecord>;

  constructor(@InjectModel(SECRET_MODEL) model: Model<SecretRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  async findHead(scope: SecretScope, name: string): Promise<SecretHead | null> {
    const record = await this.collection.findOne<SecretRecord>(
      { ...fromScope(scope), name },
      { projection: { outbox: 0 } },
    );
    return record === null ? null : { secret: toSecret(record), isDeleted: record.sealed === null };
  }

  async list(scope: SecretScope, page: PageRequest): Promise<Page<Secret>> {
    const records = await this.collection
      .find<ReadSecret>(
        { ...fromScope(scope), ...LIVE, ...beforeCursor(page.cursor) },
        { projection: SECRET_PROJECTION, sort: { _id: -1 }, limit: page.limit + 1 },
      )
      .toArray();
    const items = records.slice(0, page.limit).map(toSecret);
    return { items, nextCursor: records.length > page.limit ? (items.at(-1)?.id ?? null) : null };
  }

  async count(scope: SecretScope): Promise<number> {
    return this.collection.countDocuments({ ...fromScope(scope), ...LIVE });
  }

  async insert(sealed: SealedSecret, event: DomainEvent<'secret.set'>): Promise<void> {
    try {
      await this.collection.insertOne({ ...fromSealedSecret(sealed), outbox: [toOutboxRecord(event)] });
    } catch (error) {
      if (isDuplicateKey(error)) throw new ConcurrentUpdateError(WHAT, sealed.secret.name);
      throw error;
    }
  }

  async replace({ secret, value }: SealedSecret, event: DomainEvent<'secret.set'>): Promise<void> {
    const { version, createdAt, createdBy, updatedAt, updatedBy } = secret;
    await this.change({ id: secret.id, version: version - 1 }, {}, event, {
      sealed: fromSealedValue(value),
      version,
      createdAt,
      createdBy,
      updatedAt,
      updatedBy,
    });
  }

  async markDeleted(
    secret: Pick<Secret, 'id' | 'version'>,
    { at, by }: { readonly at: Date; readonly by: Actor },
    event: DomainEvent<'secret.deleted'>,
  ): Promise<void> {
    await this.change(secret, LIVE, event, { sealed: null, updatedAt: at, updatedBy: by });
  }

  async findNamed(tenantId: TenantId, projectId: ProjectId, names: readonly string[]): Promise<readonly Secret[]> {
    const records = await this.collection
      .find<ReadSecret>(named(tenantId, projectId, names), { projection: SECRET_PROJECTION })
      .toArray();
    return records.map(toSecret);
  }

  async findSealed(
    tenantId: TenantId,
    projectId: ProjectId,
    names: readonly string[],
  ): Promise<readonly SealedSecret[]> {
    const records = await this.collection
      .find<SecretRecord>(named(tenantId, projectId, names), { projection: { outbox: 0 } })
      .toArray();
    return records.flatMap((record) =>
      record.sealed === null ? [] : [{ secret: toSecret(record), value: toSealedValue(record.sealed) }],
    );
  }

  async findOldKeys(currentKeyId: string, after: SecretId | null, limit: number): Promise<readonly OldKey[]> {
    const from = after === null ? {} : { _id: { $gt: new Types.ObjectId(after) } };
    const records = await this.collection
      .find<SecretRecord>(
        { ...LIVE, 'sealed.key.keyId': { $ne: currentKeyId }, ...from },
        { projection: { outbox: 0, 'sealed.data': 0 }, sort: { _id: 1 }, limit },
      )
      .toArray();
    return records.flatMap((record) =>
      record.sealed === null ? [] : [{ secret: toSecret(record), key: toWrappedKey(record.sealed.key) }],
    );
  }

  async rewrap({ secret, key: { keyId } }: OldKey, key: WrappedKey): Promise<boolean> {
    const { matchedCount } = await this.collection.updateOne(
      { _id: new Types.ObjectId(secret.id), version: secret.version, 'sealed.key.keyId': keyId },
      { $set: { 'sealed.key': fromWrappedKey(key) } },
    );
    return matchedCount === 1;
  }

  async findProjects(after: ProjectId | null, limit: number): Promise<readonly ProjectScope[]> {
    const from = after === null ? { $ne: null } : { $gt: new Types.ObjectId(after) };
    const found = await this.collection
      .aggregate<{ _id: { tenantId: Types.ObjectId; projectId: Types.ObjectId } }>([
        { $match: { projectId: from, ...LIVE } },
        { $group: { _id: { tenantId: '$tenantId', projectId: '$projectId' } } },
        { $sort: { '_id.projectId': 1 } },
        { $limit: limit },
      ])
      .toArray();
    return found.map(({ _id: { tenantId, projectId } }) => ({
      tenantId: tenantId.toHexString() as TenantId,
      projectId: projectId.toHexString() as ProjectId,
    }));
  }

  private async change(
    { id, version }: Pick<Secret, 'id' | 'version'>,
    condition: Record<string, unknown>,
    event: DomainEvent,
    fields: Partial<SecretRecord>,
  ): Promise<void> {
    const filter = { _id: new Types.ObjectId(id), version, ...condition };
    const { matchedCount } = await this.collection.updateOne(
      { ...filter, ...outboxHasRoom(OUTBOX_LIMIT) },
      { $set: fields, $push: { outbox: toOutboxRecord(event) } },
    );
    if (matchedCount === 1) return;
    if (await this.collection.findOne(filter, { projection: { _id: 1 } })) throw new OutboxFullError(WHAT, id);
    throw new ConcurrentUpdateError(WHAT, id);
  }
}

const named = (tenantId: TenantId, projectId: ProjectId, names: readonly string[]): Record<string, unknown> => ({
  tenantId: new Types.ObjectId(tenantId),
  projectId: { $in: [new Types.ObjectId(projectId), null] },
  name: { $in: [...names] },
  ...LIVE,
});
