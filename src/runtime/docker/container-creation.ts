import type { ContainerCreateOptions } from 'dockerode';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import type { Owner, RuntimeSpec } from '../../domain/runtime/runtime-spec.js';
import { clearAgentSocket, prepareAgentFolders } from '../agent/agent-folders.js';
import type { AgentTransport } from './agent-transport.js';
import { toLabels } from './container-labels.js';
import type { EngineClient } from './engine-client.js';
import { ignoring } from './engine-error.js';
import type { EngineFeatures } from './engine-features.js';
import type { EngineImages } from './engine-images.js';
import { makeHostConfig } from './host-config.js';
import type { OciRuntimes } from './oci-runtimes.js';
import type { Transport } from './transport-probe.js';

/** Makes containers, and starts none. */
export class ContainerCreation {
  constructor(
    private readonly engine: EngineClient,
    private readonly images: EngineImages,
    private readonly features: EngineFeatures,
    private readonly ociRuntimes: OciRuntimes,
    private readonly agents: AgentTransport,
    private readonly uid: number,
  ) {}

  /** @throws RuntimeError as ContainerRuntime.create says */
  async create(spec: RuntimeSpec<Owner>): Promise<string> {
    const transport = await this.agents.probe();
    await this.ociRuntimes.assertAvailable(spec.isolation);
    await prepareAgentFolders(spec, this.uid);
    if ((spec.mounts ?? []).length > 0 && !transport.sharedFolders) {
      throw new RuntimeError('unsupported', "The engine has none of this host's folders, so none can be mounted.");
    }
    try {
      const id = await this.make(spec, await this.optionsOf(spec, transport));
      await clearAgentSocket(spec.privateFolder);
      return id;
    } catch (error) {
      if (error instanceof RuntimeError && error.failure === 'image-missing') this.images.forget(spec.image);
      throw error;
    }
  }

  private async optionsOf(spec: RuntimeSpec<Owner>, transport: Transport): Promise<ContainerCreateOptions> {
    const { limits, isolation, mounts = [], writablePaths = [] } = spec;
    const [imageVolumes, init] = await Promise.all([this.images.volumesOf(spec.image), this.features.hasInit()]);
    return {
      name: spec.name,
      Image: spec.image,
      User: `${this.uid}:${this.uid}`,
      Labels: toLabels(spec),
      // The image's own would be run by the engine: outside of the container's limits, as often as it says.
      Healthcheck: { Test: ['NONE'] },
      ...programOf(spec),
      StopTimeout: spec.gracePeriodSeconds,
      HostConfig: makeHostConfig({
        limits,
        isolation,
        uid: this.uid,
        init,
        privateFolder: transport.endpoint === 'unix' ? spec.privateFolder : null,
        workspace: transport.sharedFolders ? { folder: spec.workspaceFolder } : { volume: `${spec.name}.workspace` },
        mounts,
        writablePaths,
        imageVolumes,
      }),
    };
  }

  private async make({ name, isolation }: RuntimeSpec<Owner>, options: ContainerCreateOptions): Promise<string> {
    const { id } = await this.engine.call({
      what: `create container ${name}`,
      run: (docker, abortSignal) => docker.createContainer({ ...options, abortSignal }),
      meaning: { 404: 'image-missing', 409: 'name-conflict' },
    });
    try {
      await this.ociRuntimes.assertGiven(isolation, id);
    } catch (error) {
      // A container that would run under less than was asked for is not left there to be started.
      await this.remove(id);
      throw error;
    }
    return id;
  }

  private async remove(id: string): Promise<void> {
    await this.engine.call({
      what: `remove container ${id}`,
      run: async (docker, abortSignal) => {
        await docker.getContainer(id).remove({ force: true, v: true, abortSignal }).catch(ignoring(404, 409));
      },
    });
  }
}

/** What is run, and how it is told to end. What is not said here is the image's. */
function programOf({ command, args, env = {}, stopSignal = 'SIGTERM' }: RuntimeSpec<Owner>): ContainerCreateOptions {
  return {
    ...(command === undefined ? {} : { Entrypoint: [...command] }),
    ...(args === undefined ? {} : { Cmd: [...args] }),
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    StopSignal: stopSignal,
  };
}
