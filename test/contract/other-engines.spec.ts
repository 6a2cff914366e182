import { jest } from '@jest/globals';
import { describeOn, OTHER_ENGINES } from '../support/engines.js';
import { containerRuntimeContract } from './container-runtime.contract.js';
import { dockerHarness } from './docker-harness.js';

// gVisor of 2024 under an engine of 2022 loses a sandbox now and then ("zombie and can not be killed"). What fails each time is the adapter's fault.
jest.retryTimes(2, { logErrorsBeforeRetry: true });

/** The parts in which engines differ most. `npm run test:engines` asks for the whole, and by exec too. */
for (const engine of OTHER_ENGINES) {
  describeOn(engine, () => {
    containerRuntimeContract('with agents reached by their sockets', () => dockerHarness(engine, 'unix'), [
      'creation',
      'life',
    ]);
  });
}
