import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { McpSessionRecords } from '../../domain/mcp/mcp-session-records.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { outboxSourceProvider } from '../outbox/outbox-source.provider.js';
import { MCP_SESSION_MODEL, mcpSessionSchema } from './mcp-session.schema.js';
import { MongoMcpSessions } from './mcp-sessions.repository.js';

@Module({
  imports: [OutboxModule, MongooseModule.forFeature([{ name: MCP_SESSION_MODEL, schema: mcpSessionSchema }])],
  providers: [
    { provide: McpSessionRecords, useClass: MongoMcpSessions },
    outboxSourceProvider('mcp-session', MCP_SESSION_MODEL),
  ],
  exports: [McpSessionRecords],
})
export class McpDataModule {}
