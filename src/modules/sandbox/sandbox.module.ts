import { Module } from '@nestjs/common';
import { LifecycleDataModule } from '../../data/lifecycle/lifecycle-data.module.js';
import { RunsDataModule } from '../../data/runs/runs-data.module.js';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { QuotasModule } from '../quotas/quotas.module.js';
import { OpenRuns } from './open-runs.js';
import { RunExecution } from './run-execution.js';
import { RunSweeper } from './run-sweeper.js';
import { SandboxController } from './sandbox.controller.js';
import { SandboxService } from './sandbox.service.js';
import { SandboxSettings } from './sandbox-settings.js';

@Module({
  imports: [LifecycleModule, LifecycleDataModule, RunsDataModule, QuotasModule],
  controllers: [SandboxController],
  providers: [
    { provide: SandboxSettings, useFactory: (): SandboxSettings => new SandboxSettings() },
    OpenRuns,
    RunExecution,
    RunSweeper,
    SandboxService,
  ],
  exports: [SandboxService],
})
export class SandboxModule {}
