import { describeOn, DOCKER } from '../support/engines.js';
import { containerRuntimeContract } from './container-runtime.contract.js';
import { dockerHarness } from './docker-harness.js';

describeOn(DOCKER, () => {
  containerRuntimeContract('with agents reached by their sockets', () => dockerHarness(DOCKER, 'unix'));
  containerRuntimeContract('with agents reached by exec', () => dockerHarness(DOCKER, 'exec'));
});
