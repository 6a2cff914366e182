import { Module } from '@nestjs/common';
import { LifecycleDataModule } from '../../data/lifecycle/lifecycle-data.module.js';
import { RunsDataModule } from '../../data/runs/runs-data.module.js';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { QuotasModule } from '../quotas/quotas.module.js';
import { ExecRuns } from './kinds/exec-runs.js';
import { PromptRuns } from './kinds/prompt-runs.js';
import { RunKinds } from './kinds/run-kinds.js';
import { OpenRuns } from './open-runs.js';
import { RunExecution } from './run-execution.js';
import { RunStream } from './run-stream.js';
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
    ExecRuns,
    PromptRuns,
    RunExecution,
    RunKinds,
    RunStream,
    RunSweeper,
    SandboxService,
  ],
  exports: [SandboxService],
})
export class SandboxModule {}
