import type Docker from 'dockerode';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DockerRuntime } from '../../src/runtime/docker/docker.runtime.js';
import { AGENT_IMAGE, SMALL_IMAGE } from '../support/engine.js';
import { engineAt, type TestEngine } from '../support/engines.js';
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

/** As measured. */
const LACKS: Record<TestEngine['kind'], RuntimeHarness['lacks']> = {
  docker: [],
  // runsc shows no NoNewPrivs in /proc, and its own threads are in the container's cgroup.
  gvisor: ['no-new-privileges', 'process-counts'],
  // Podman 4.3 cuts times to seconds, its conmon changes a terminal's size after the service has answered, and it measures
  // each five seconds, without what it takes to leave out the memory of files. It asks no registry without pulling.
  podman: ['log-times', 'terminal-size', 'measures', 'registry-digests'],
};

/** The adapter of Docker on an engine, with agents reached by their sockets or by exec. */
export async function dockerHarness(testEngine: TestEngine, endpoint: 'unix' | 'exec'): Promise<RuntimeHarness> {
  const engine = engineAt(testEngine);
  const stateDir = await mkdtemp(join(tmpdir(), 'muster-docker-'));
  await chmod(stateDir, 0o755);
  const images: Record<AgentKind, string> = {
    serving: AGENT_IMAGE,
    talking: await imageRunning(engine, SCRIPTS.talking),
    ending: await imageRunning(engine, SCRIPTS.ending),
  };
  return {
    runtime: () => new DockerRuntime({ host: testEngine.host, stateDir, agentImage: AGENT_IMAGE, endpoint }),
    image: (kind) => images[kind],
    endpoint,
    isolation: testEngine.isolation,
    lacks: LACKS[testEngine.kind],
    unknownImage: 'image-missing',
    clean: async () => {
      for (const image of [images.talking, images.ending]) await engine.getImage(image).remove();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

/** The small image with this as its program. */
async function imageRunning(engine: Docker, script: string): Promise<string> {
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
