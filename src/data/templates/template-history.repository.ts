import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import type { TemplateId, TenantId } from '../../domain/ids.js';
import { TemplateHistory, type VersionReference } from '../../domain/templates/template-history.repository.js';
import type { Sourced, TemplateVersion, VersionSummary } from '../../domain/templates/template.js';
import { driverCollection } from '../database/driver-collection.js';
import { isDuplicateKey } from '../database/is-duplicate-key.js';
import { TEMPLATE_VERSION_MODEL, type TemplateVersionRecord } from './template-version.schema.js';
import {
  fromVersion,
  toVersion,
  toVersionSummary,
  VERSION_PROJECTION,
  VERSION_SUMMARY_PROJECTION,
  type ReadVersion,
} from './template.mapper.js';

@Injectable()
export class MongoTemplateHistory extends TemplateHistory {
  private readonly collection: mongo.Collection<TemplateVersionRecord>;

  constructor(@InjectModel(TEMPLATE_VERSION_MODEL) model: Model<TemplateVersionRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  async insertOnce(version: Sourced<TemplateVersion>): Promise<'inserted' | 'existed'> {
    try {
      await this.collection.insertOne({ _id: new Types.ObjectId(), ...fromVersion(version) });
      return 'inserted';
    } catch (error) {
      if (isDuplicateKey(error)) return 'existed';
      throw error;
    }
  }

  async find(tenantId: TenantId, { id, version }: VersionReference): Promise<Sourced<TemplateVersion> | null> {
    const record = await this.collection.findOne<TemplateVersionRecord>({ ...of(tenantId, id), version });
    return record === null ? null : { template: toVersion(record), source: record.source };
  }

  async findMany(tenantId: TenantId, references: readonly VersionReference[]): Promise<readonly TemplateVersion[]> {
    if (references.length === 0) return [];
    const records = await this.collection
      .find<ReadVersion>(
        { $or: references.map(({ id, version }) => ({ ...of(tenantId, id), version })) },
        { projection: VERSION_PROJECTION },
      )
      .toArray();
    return records.map(toVersion);
  }

  async listBefore(
    tenantId: TenantId,
    id: TemplateId,
    before: number,
    limit: number,
  ): Promise<readonly VersionSummary[]> {
    const records = await this.collection
      .find<TemplateVersionRecord>(
        { ...of(tenantId, id), version: { $lt: before } },
        { projection: VERSION_SUMMARY_PROJECTION, sort: { version: -1 }, limit },
      )
      .toArray();
    return records.map(toVersionSummary);
  }
}

const of = (tenantId: TenantId, id: TemplateId) => ({
  tenantId: new Types.ObjectId(tenantId),
  templateId: new Types.ObjectId(id),
});
