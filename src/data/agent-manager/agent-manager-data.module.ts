import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { ManifestClaims } from '../../domain/agent-manager/manifest-claims.repository.js';
import { MANIFEST_CLAIM_MODEL, manifestClaimSchema } from './manifest-claim.schema.js';
import { MongoManifestClaims } from './manifest-claims.repository.js';

@Module({
  imports: [MongooseModule.forFeature([{ name: MANIFEST_CLAIM_MODEL, schema: manifestClaimSchema }])],
  providers: [{ provide: ManifestClaims, useClass: MongoManifestClaims }],
  exports: [ManifestClaims],
})
export class AgentManagerDataModule {}
