import { containerRuntimeContract } from '../contract/container-runtime.contract.js';
import { dockerHarness } from '../contract/docker-harness.js';
import { describeOn, OTHER_ENGINES } from '../support/engines.js';

for (const engine of OTHER_ENGINES) {
  describeOn(engine, () => {
    containerRuntimeContract('with agents reached by their sockets', () => dockerHarness(engine, 'unix'));
    containerRuntimeContract('with agents reached by exec', () => dockerHarness(engine, 'exec'));
  });
}
