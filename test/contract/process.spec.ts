import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessRuntime } from '../../src/runtime/process/process.runtime.js';
import { AGENT_BUNDLE } from '../support/engine.js';
import { containerRuntimeContract } from './container-runtime.contract.js';
import { TALK, type AgentKind, type RuntimeHarness } from './runtime-harness.js';

if (!existsSync(AGENT_BUNDLE)) throw new Error(`${AGENT_BUNDLE} is not built: npm run build`);

const PROGRAMS: Record<Exclude<AgentKind, 'serving'>, string> = {
  talking: `
    for (let n = 1; n <= ${TALK.lines}; n++) { console.log('out ' + n); console.error('err ' + n); }
    process.stdout.write('x'.repeat(${TALK.longLineBytes}) + '\\n');
    let tick = 0;
    setInterval(() => console.log('tick ' + ++tick), 50);
    process.on('SIGTERM', () => undefined);
  `,
  ending: `console.log('bye'); process.exitCode = 3;`,
};

containerRuntimeContract('the process runtime', async (): Promise<RuntimeHarness> => {
  const folder = await mkdtemp(join(tmpdir(), 'muster-process-'));
  await chmod(folder, 0o755);
  const bundles: Record<AgentKind, string> = {
    serving: AGENT_BUNDLE,
    talking: join(folder, 'talking.mjs'),
    ending: join(folder, 'ending.mjs'),
  };
  await writeFile(bundles.talking, PROGRAMS.talking);
  await writeFile(bundles.ending, PROGRAMS.ending);
  return {
    runtime: (kind = 'serving') =>
      new ProcessRuntime({
        stateDir: join(folder, 'state'),
        agentBundle: bundles[kind],
        agentImage: kind,
        nodeEnv: 'test',
        lookEveryMs: 50,
      }),
    image: (kind) => kind,
    endpoint: 'unix',
    isolation: 'runc',
    lacks: [],
    unknownImage: 'unsupported',
    clean: () => rm(folder, { recursive: true, force: true }),
  };
});
