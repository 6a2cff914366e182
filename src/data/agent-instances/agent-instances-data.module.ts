import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AgentInstances } from '../../domain/agent-instances/agent-instances.repository.js';
import { InstanceRevisions } from '../../domain/agent-instances/instance-revisions.repository.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { outboxSourceProvider } from '../outbox/outbox-source.provider.js';
import { AGENT_INSTANCE_MODEL, agentInstanceSchema } from './agent-instance.schema.js';
import { MongoAgentInstances } from './agent-instances.repository.js';
import { INSTANCE_REVISION_MODEL, instanceRevisionSchema } from './instance-revision.schema.js';
import { MongoInstanceRevisions } from './instance-revisions.repository.js';

@Module({
  imports: [
    OutboxModule,
    MongooseModule.forFeature([
      { name: AGENT_INSTANCE_MODEL, schema: agentInstanceSchema },
      { name: INSTANCE_REVISION_MODEL, schema: instanceRevisionSchema },
    ]),
  ],
  providers: [
    { provide: AgentInstances, useClass: MongoAgentInstances },
    { provide: InstanceRevisions, useClass: MongoInstanceRevisions },
    outboxSourceProvider('agent-instance', AGENT_INSTANCE_MODEL),
  ],
  // lifecycle and sandbox write to the same documents, through ports of their own
  exports: [AgentInstances, InstanceRevisions, MongooseModule],
})
export class AgentInstancesDataModule {}
