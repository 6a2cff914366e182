import { describeOn, OTHER_ENGINES } from '../support/engines.js';
import { containerRuntimeContract } from './container-runtime.contract.js';
import { dockerHarness } from './docker-harness.js';

/** The parts in which engines differ most. `npm run test:engines` asks for the whole, and by exec too. */
for (const engine of OTHER_ENGINES) {
  describeOn(engine, () => {
    containerRuntimeContract('with agents reached by their sockets', () => dockerHarness(engine, 'unix'), [
      'creation',
      'life',
    ]);
  });
}
