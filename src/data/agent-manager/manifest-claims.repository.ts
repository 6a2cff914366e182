import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { Types, type Model, type mongo } from 'mongoose';
import { ManifestClaims, type ManifestClaim } from '../../domain/agent-manager/manifest-claims.repository.js';
import type { AgentInstanceId, ProjectId, TenantId } from '../../domain/ids.js';
import { driverCollection } from '../database/driver-collection.js';
import { isDuplicateKey } from '../database/is-duplicate-key.js';
import { MANIFEST_CLAIM_MODEL, type ManifestClaimRecord } from './manifest-claim.schema.js';

@Injectable()
export class MongoManifestClaims extends ManifestClaims {
  private readonly collection: mongo.Collection<ManifestClaimRecord>;

  constructor(@InjectModel(MANIFEST_CLAIM_MODEL) model: Model<ManifestClaimRecord>) {
    super();
    this.collection = driverCollection(model);
  }

  async settle(claim: ManifestClaim): Promise<ManifestClaim> {
    const { tenantId, digest, projectId, instanceId, request } = claim;
    const record: ManifestClaimRecord = {
      _id: `${tenantId}:${digest}`,
      tenantId: new Types.ObjectId(tenantId),
      digest,
      projectId: new Types.ObjectId(projectId),
      instanceId: new Types.ObjectId(instanceId),
      request,
      createdAt: new Date(),
    };
    try {
      await this.collection.insertOne(record);
      return claim;
    } catch (error) {
      const settled = isDuplicateKey(error) ? await this.collection.findOne({ _id: record._id }) : null;
      if (settled === null) throw error;
      return toClaim(settled);
    }
  }
}

const toClaim = (record: ManifestClaimRecord): ManifestClaim => ({
  tenantId: record.tenantId.toHexString() as TenantId,
  digest: record.digest,
  projectId: record.projectId.toHexString() as ProjectId,
  instanceId: record.instanceId.toHexString() as AgentInstanceId,
  request: record.request,
});
