import { describe } from '@jest/globals';
import Docker from 'dockerode';
import { fileURLToPath } from 'node:url';

/** What `npm run build` makes of packages/agent-server. */
export const AGENT_BUNDLE = fileURLToPath(
  new URL('../../packages/agent-server/dist/bundle/agent-server.mjs', import.meta.url),
);
/** Another than the one that everybody on this engine uses, where somebody tries an agent-server of their own. */
export const AGENT_IMAGE = process.env['MUSTER_TEST_AGENT_IMAGE'] ?? 'muster/agent:latest';
/** A scratch image with busybox, for what an agent image is not needed for. */
export const SMALL_IMAGE = 'muster/test-busybox:latest';

/** The one `npm test` found or started, where it is no other's choice. */
export const ENGINE_HOST =
  process.env['MUSTER_TEST_DOCKER_HOST'] ?? process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
export const ENGINE_SOCKET = ENGINE_HOST.replace(/^unix:\/\//, '');

/** The engine itself, for looking behind Muster's back. */
export const engine = new Docker({ socketPath: ENGINE_SOCKET, timeout: 30_000 });

/** Why the tests that need an engine can't run; null when they can. */
export const engineMissing: string | null = await findOut();

/** What the usual one is: an operator may have named a Podman. */
export const engineKind: 'docker' | 'podman' = engineMissing === null && (await isPodman()) ? 'podman' : 'docker';

/** describe, or a loud skip where no engine answers; the run's end counts the skips. */
export const describeEngine = engineMissing === null ? describe : describe.skip;

async function findOut(): Promise<string | null> {
  try {
    await engine.ping();
    for (const image of [AGENT_IMAGE, SMALL_IMAGE]) await engine.getImage(image).inspect();
    return null;
  } catch (error) {
    const reason = `SKIPPED, no container engine with ${AGENT_IMAGE} and ${SMALL_IMAGE} at ${ENGINE_HOST}: ${String(error)}`;
    process.stderr.write(`\n${reason}\n`);
    return reason;
  }
}

async function isPodman(): Promise<boolean> {
  return 'BuildahVersion' in ((await engine.info()) as object);
}
