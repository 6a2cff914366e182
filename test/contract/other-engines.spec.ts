import { describeOn, OTHER_ENGINES, type TestEngine } from '../support/engines.js';
import { containerRuntimeContract, type Part } from './container-runtime.contract.js';
import { dockerHarness } from './docker-harness.js';

/** Those in which engines differ. Programs take gVisor most of a minute, so there they are left to `npm run test:engines`, which asks for the whole. */
const BY_SOCKET: Record<TestEngine['kind'], Part[]> = {
  docker: [],
  gvisor: ['creation', 'life', 'files', 'observation'],
  podman: ['creation', 'life', 'files', 'observation', 'exec'],
};

for (const engine of OTHER_ENGINES) {
  describeOn(engine, () => {
    containerRuntimeContract(
      'with agents reached by their sockets',
      () => dockerHarness(engine, 'unix'),
      BY_SOCKET[engine.kind],
    );
    containerRuntimeContract('with agents reached by exec', () => dockerHarness(engine, 'exec'), ['agent']);
  });
}
