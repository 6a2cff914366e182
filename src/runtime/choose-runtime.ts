import { join } from 'node:path';
import { DomainError } from '../domain/errors/domain-error.js';
import type { RuntimeChoice } from '../domain/runtime/runtime-choice.js';
import { DEFAULT_ENGINE_HOST } from './docker/engine-address.js';
import { DockerRuntime } from './docker/docker.runtime.js';
import { ProcessRuntime } from './process/process.runtime.js';
import type { RuntimeOptions } from './runtime-options.js';

/** How long an engine may take to show that it is there. */
const ASK_TIMEOUT_MS = 3000;

interface EngineAnswer {
  /** Can agents be started there now? */
  readonly ready: boolean;
  /** Begins a sentence. */
  readonly finding: string;
}

/**
 * Says which runtime is used, and why. An engine that is not there is no error: where it was asked for, Muster starts, and
 * works as soon as the engine does.
 *
 * @throws RuntimeError unsupported when the process runtime is asked for in production
 */
export async function chooseRuntime(options: RuntimeOptions): Promise<RuntimeChoice> {
  const { runtime: wanted, nodeEnv } = options;
  if (wanted === 'process') return { runtime: processRuntime(options), reason: 'RUNTIME=process asks for it.' };
  const { ready, finding } = await askEngine(options);
  if (ready || wanted === 'docker' || nodeEnv === 'production') {
    const runtime = dockerRuntime(options);
    // Learns how agents are reached, so that the first start needs not wait for it. Should it fail, that start tries again.
    if (ready) void runtime.probe().catch(() => undefined);
    const outlook = ready ? '' : ' Agents start as soon as there is one.';
    return { runtime, reason: `${finding}.${outlook}` };
  }
  return {
    runtime: processRuntime(options),
    reason: `${finding}, so agents run as plain processes, which is no boundary.`,
  };
}

async function askEngine(options: RuntimeOptions): Promise<EngineAnswer> {
  const engine = dockerRuntime({ ...options, callTimeoutMs: ASK_TIMEOUT_MS });
  const host = options.dockerHost ?? DEFAULT_ENGINE_HOST;
  try {
    const { name, version } = await engine.info();
    const image = await engine.findImage(options.agentImage);
    const answers = `${name} ${version} answers at ${host}`;
    return image === null
      ? { ready: false, finding: `${answers} but has no image ${options.agentImage} (npm run image builds it)` }
      : { ready: true, finding: `${answers} and has ${options.agentImage}` };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { ready: false, finding: `No container engine answers at ${host}` };
  }
}

function dockerRuntime(options: RuntimeOptions): DockerRuntime {
  const { dockerHost, stateDir, agentImage, agentFolder, uid, dockerEndpoint, callTimeoutMs } = options;
  return new DockerRuntime({
    stateDir: join(stateDir, 'docker'),
    agentImage,
    ...(dockerHost === undefined ? {} : { host: dockerHost }),
    ...(agentFolder === undefined ? {} : { agentFolder }),
    ...(uid === undefined ? {} : { uid }),
    ...(dockerEndpoint === undefined ? {} : { endpoint: dockerEndpoint }),
    ...(callTimeoutMs === undefined ? {} : { callTimeoutMs }),
  });
}

function processRuntime({ stateDir, agentBundle, agentImage, nodeEnv, uid }: RuntimeOptions): ProcessRuntime {
  return new ProcessRuntime({
    stateDir: join(stateDir, 'process'),
    agentBundle,
    agentImage,
    nodeEnv,
    ...(uid === undefined ? {} : { uid }),
  });
}
