import { mkdtemp, rm, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DockerRuntime } from '../../src/runtime/docker/docker.runtime.js';
import { AGENT_IMAGE, describeEngine, engine, ENGINE_HOST, SMALL_IMAGE } from '../support/engine.js';
import { containerRuntimeContract } from './container-runtime.contract.js';
import { TALK, type AgentKind, type RuntimeHarness } from './runtime-harness.js';

const SCRIPTS: Record<Exclude<AgentKind, 'serving'>, string> = {
  talking: `
    trap '' TERM
    n=1; while [ $n -le ${TALK.lines} ]; do echo "out $n"; echo "err $n" >&2; n=$((n+1)); done
    head -c ${TALK.longLineBytes} /dev/zero | tr '\\0' x; echo
    n=1; while :; do echo "tick $n"; n=$((n+1)); sleep 0.05; done
  `,
  ending: 'echo bye; exit 3',
};

describeEngine('Docker', () => {
  containerRuntimeContract('with agents reached by their sockets', () => prepare('unix'));
  containerRuntimeContract('with agents reached by exec', () => prepare('exec'));
});

async function prepare(endpoint: 'unix' | 'exec'): Promise<RuntimeHarness> {
  const stateDir = await mkdtemp(join(tmpdir(), 'muster-docker-'));
  await chmod(stateDir, 0o755);
  const images: Record<AgentKind, string> = {
    serving: AGENT_IMAGE,
    talking: await imageRunning(SCRIPTS.talking),
    ending: await imageRunning(SCRIPTS.ending),
  };
  return {
    runtime: () => new DockerRuntime({ host: ENGINE_HOST, stateDir, agentImage: AGENT_IMAGE, endpoint }),
    image: (kind) => images[kind],
    endpoint,
    unknownImage: 'image-missing',
    clean: async () => {
      for (const image of [images.talking, images.ending]) await engine.getImage(image).remove();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

/** The small image with this as its program. */
async function imageRunning(script: string): Promise<string> {
  const container = await engine.createContainer({ Image: SMALL_IMAGE, Labels: { 'io.muster.test': '1' } });
  try {
    const { Id } = (await container.commit({ changes: `CMD ${JSON.stringify(['sh', '-c', script])}` })) as {
      Id: string;
    };
    return Id;
  } finally {
    await container.remove();
  }
}
