import { afterAll, beforeAll, describe } from '@jest/globals';
import { agentContract } from './agent.contract.js';
import { ContractContext } from './contract-context.js';
import { creationContract } from './creation.contract.js';
import { execContract } from './exec.contract.js';
import { filesContract } from './files.contract.js';
import { handoverContract } from './handover.contract.js';
import { lifeContract } from './life.contract.js';
import { observationContract } from './observation.contract.js';
import type { RuntimeHarness } from './runtime-harness.js';

/** What every runtime adapter keeps to. What one declares it can't do is asked for too, and has to be refused. */
export function containerRuntimeContract(title: string, prepare: () => Promise<RuntimeHarness>): void {
  describe(title, () => {
    const context = new ContractContext();
    beforeAll(() => context.begin(prepare));
    afterAll(() => context.end());

    creationContract(context);
    agentContract(context);
    filesContract(context);
    handoverContract(context);
    lifeContract(context);
    observationContract(context);
    execContract(context);
  });
}
