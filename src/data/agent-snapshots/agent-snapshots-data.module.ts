import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AgentSnapshots } from '../../domain/agent-snapshots/agent-snapshots.repository.js';
import { AgentInstancesDataModule } from '../agent-instances/agent-instances-data.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { outboxSourceProvider } from '../outbox/outbox-source.provider.js';
import { AGENT_SNAPSHOT_MODEL, agentSnapshotSchema } from './agent-snapshot.schema.js';
import { MongoAgentSnapshots } from './agent-snapshots.repository.js';

@Module({
  imports: [
    AgentInstancesDataModule,
    OutboxModule,
    MongooseModule.forFeature([{ name: AGENT_SNAPSHOT_MODEL, schema: agentSnapshotSchema }]),
  ],
  providers: [
    { provide: AgentSnapshots, useClass: MongoAgentSnapshots },
    outboxSourceProvider('agent-snapshot', AGENT_SNAPSHOT_MODEL),
  ],
  exports: [AgentSnapshots],
})
export class AgentSnapshotsDataModule {}
