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

const PARTS = {
  creation: creationContract,
  agent: agentContract,
  files: filesContract,
  handover: handoverContract,
  life: lifeContract,
  observation: observationContract,
  exec: execContract,
} as const;

export type Part = keyof typeof PARTS;

/**
 * What every runtime adapter keeps to. What one declares it can't do is asked for too, and has to be refused.
 * @param parts those that are asked for; all unless given
 */
export function containerRuntimeContract(
  title: string,
  prepare: () => Promise<RuntimeHarness>,
  parts = Object.keys(PARTS) as Part[],
): void {
  describe(title, () => {
    const context = new ContractContext();
    beforeAll(() => context.begin(prepare));
    afterAll(() => context.end());

    for (const part of parts) PARTS[part](context);
  });
}
