import { Module } from '@nestjs/common';
import { LifecycleDataModule } from '../../data/lifecycle/lifecycle-data.module.js';
import { TerminalsDataModule } from '../../data/terminals/terminals-data.module.js';
import { Configuration } from '../../platform/config/configuration.js';
import { IdentityModule } from '../identity/identity.module.js';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { OpenTerminals } from './open-terminals.js';
import { TerminalGateway } from './terminal-gateway.js';
import { TerminalSettings } from './terminal-settings.js';
import { TerminalSweeper } from './terminal-sweeper.js';
import { TerminalsController } from './terminals.controller.js';
import { TerminalsService } from './terminals.service.js';

@Module({
  imports: [IdentityModule, LifecycleModule, LifecycleDataModule, TerminalsDataModule],
  controllers: [TerminalsController],
  providers: [
    {
      provide: TerminalSettings,
      inject: [Configuration],
      useFactory: (of: Configuration): TerminalSettings => TerminalSettings.from(of),
    },
    OpenTerminals,
    TerminalGateway,
    TerminalSweeper,
    TerminalsService,
  ],
})
export class TerminalsModule {}
