import { Module } from '@nestjs/common';
import { LifecycleDataModule } from '../../data/lifecycle/lifecycle-data.module.js';
import { McpDataModule } from '../../data/mcp/mcp-data.module.js';
import { Configuration } from '../../platform/config/configuration.js';
import { IdentityModule } from '../identity/identity.module.js';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { McpOpener } from './mcp-opener.js';
import { McpPrograms } from './mcp-programs.js';
import { McpSessionLog } from './mcp-session-log.js';
import { McpSettings } from './mcp-settings.js';
import { McpSweeper } from './mcp-sweeper.js';
import { McpController } from './mcp.controller.js';
import { McpService } from './mcp.service.js';
import { OpenMcpSessions } from './open-mcp-sessions.js';

@Module({
  imports: [IdentityModule, LifecycleModule, LifecycleDataModule, McpDataModule],
  controllers: [McpController],
  providers: [
    {
      provide: McpSettings,
      inject: [Configuration],
      useFactory: (of: Configuration): McpSettings => McpSettings.from(of),
    },
    McpOpener,
    McpPrograms,
    McpService,
    McpSessionLog,
    McpSweeper,
    OpenMcpSessions,
  ],
})
export class McpModule {}
