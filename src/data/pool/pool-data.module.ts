import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { PoolContainers } from '../../domain/pool/pool-containers.repository.js';
import { PoolDemands } from '../../domain/pool/pool-demands.repository.js';
import { POOL_CONTAINER_MODEL, poolContainerSchema } from './pool-container.schema.js';
import { MongoPoolContainers } from './pool-containers.repository.js';
import { POOL_DEMAND_MODEL, POOL_LEAD_MODEL, poolDemandSchema, poolLeadSchema } from './pool-demand.schema.js';
import { MongoPoolDemands } from './pool-demands.repository.js';

@Module({
  imports: [
    MongooseModule.forFeature([
      { name: POOL_CONTAINER_MODEL, schema: poolContainerSchema },
      { name: POOL_DEMAND_MODEL, schema: poolDemandSchema },
      { name: POOL_LEAD_MODEL, schema: poolLeadSchema },
    ]),
  ],
  providers: [
    { provide: PoolContainers, useClass: MongoPoolContainers },
    { provide: PoolDemands, useClass: MongoPoolDemands },
  ],
  exports: [PoolContainers, PoolDemands],
})
export class PoolDataModule {}
