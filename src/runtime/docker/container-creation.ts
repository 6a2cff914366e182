import type { ContainerCreateOptions } from 'dockerode';
import { RuntimeError, type RuntimeFailure } from '../../domain/runtime/runtime-errors.js';
import type { CompanionSpec, Owner, RuntimeSpec } from '../../domain/runtime/runtime-spec.js';
import { clearAgentSocket, prepareAgentFolders } from '../agent/agent-folders.js';
import { NAMES_ADDRESS, NAMES_PORT, NAMES_VARIABLE } from '../agent/agent-protocol.js';
import type { AgentFolder } from './agent-folder.js';
import type { AgentTransport } from './agent-transport.js';
import type { Companions } from './companions.js';
import { COMPANION_OF_LABEL, INSTALLATION_LABEL, SPEC_LABEL, toLabels } from './container-labels.js';
import type { EngineClient } from './engine-client.js';
import { ignoring } from './engine-error.js';
import type { EngineFeatures } from './engine-features.js';
import type { EngineImages } from './engine-images.js';
import { limitsLabel } from './given-limits.js';
import { makeHostConfig, type Enclosure } from './host-config.js';
import type { OciRuntimes } from './oci-runtimes.js';
import type { Transport } from './transport-probe.js';

/** After these it is certain that no container was made. */
const COMES_TO_NOTHING: ReadonlySet<RuntimeFailure> = new Set<RuntimeFailure>([
  'image-missing',
  'unsupported',
  'disk-full',
  'engine-full',
  'create-failed',
]);

/** Makes containers, and starts none. */
export class ContainerCreation {
  constructor(
    private readonly engine: EngineClient,
    private readonly images: EngineImages,
    private readonly features: EngineFeatures,
    private readonly ociRuntimes: OciRuntimes,
    private readonly agents: AgentTransport,
    private readonly companions: Companions,
    private readonly agentFolder: AgentFolder,
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
    if (spec.companion === undefined) return this.makeAlone(spec, transport);
    const companion = await this.companionOf(spec, spec.companion, transport);
    try {
      return await this.makeAlone(spec, transport, companion);
    } catch (error) {
      // Where it is not known whether there is a container now, or there is one, that may be its companion.
      if (error instanceof RuntimeError && COMES_TO_NOTHING.has(error.failure)) await this.remove(companion);
      throw error;
    }
  }

  private async makeAlone(spec: RuntimeSpec<Owner>, transport: Transport, companion?: string): Promise<string> {
    try {
      const options = await this.optionsOf(spec, transport, {
        ...(companion === undefined ? {} : { joins: companion }),
        ...(await this.secretsOf(spec, companion)),
      });
      const id = await this.make(spec, companion === undefined ? options : besideCompanion(options));
      if (companion === undefined) this.companions.noteAlone(id, spec.isolation);
      await clearAgentSocket(spec.privateFolder);
      return id;
    } catch (error) {
      if (error instanceof RuntimeError && error.failure === 'image-missing') this.images.forget(spec.image);
      throw error;
    }
  }

  private async secretsOf(spec: RuntimeSpec<Owner>, companion?: string): Promise<Pick<Enclosure, 'secrets'>> {
    if (spec.secrets === undefined) return {};
    return { secrets: companion === undefined ? 'own' : { volume: await this.companions.memoryOf(companion) } };
  }

  /** Made, or the one that a crash left. */
  private async companionOf(
    spec: RuntimeSpec<Owner>,
    { image, limits }: CompanionSpec,
    transport: Transport,
  ): Promise<string> {
    const { owner, specDigest, privateFolder, workspaceFolder, isolation } = spec;
    const name = `${spec.name}_companion`;
    const own = {
      ...{ name, owner, specDigest, privateFolder, workspaceFolder, isolation, image, limits },
      ...(spec.network === undefined ? {} : { network: spec.network }),
    };
    const volume = volumeOf(spec);
    const options = await this.optionsOf({ ...own, gracePeriodSeconds: 1 }, transport, {
      volume,
      ...(spec.secrets === undefined ? {} : { secrets: { labels: { [INSTALLATION_LABEL]: owner.installation } } }),
    });
    const labels = { ...options.Labels, [COMPANION_OF_LABEL]: spec.name };
    const make = (): Promise<string> => this.make(own, { ...options, Labels: labels });
    try {
      return await make();
    } catch (error) {
      if (error instanceof RuntimeError && error.failure === 'image-missing') this.images.forget(image);
      if (!(error instanceof RuntimeError) || error.failure !== 'name-conflict') throw error;
      const left = await this.companions.find(name);
      if (left !== null && !isSame(left.labels, labels, SPEC_LABEL)) throw error;
      if (left?.state === 'created' && left.labels[SPEC_LABEL] === specDigest) return left.id;
      if (left !== null) await this.remove(left.id);
      return make();
    }
  }

  private async optionsOf(
    spec: RuntimeSpec<Owner>,
    transport: Transport,
    { volume = volumeOf(spec), ...shared }: Pick<Enclosure, 'joins' | 'secrets'> & { readonly volume?: string },
  ): Promise<ContainerCreateOptions> {
    const { limits, isolation, mounts = [], writablePaths = [] } = spec;
    const [{ volumes: imageVolumes }, engine, init, agentFolder] = await Promise.all([
      this.images.factsOf(spec.image),
      this.features.traits(),
      this.features.hasInit(),
      // An engine that has none of this host's folders does not have this one either.
      spec.agentFolder === undefined || !transport.sharedFolders ? null : this.agentFolder.mount(),
    ]);
    const HostConfig = makeHostConfig({
      engine,
      limits,
      isolation,
      uid: this.uid,
      init,
      privateFolder: transport.endpoint === 'unix' ? spec.privateFolder : null,
      workspace: transport.sharedFolders ? { folder: spec.workspaceFolder } : { volume },
      mounts: agentFolder === null ? mounts : [...mounts, agentFolder],
      writablePaths,
      imageVolumes,
      carried: spec.network === 'carried',
      ...shared,
    });
    return {
      name: spec.name,
      Image: spec.image,
      User: `${this.uid}:${this.uid}`,
      Labels: { ...toLabels(spec), ...(engine.changesLimits ? limitsLabel(HostConfig) : {}) },
      // The image's own would be run by the engine: outside of the container's limits, as often as it says.
      Healthcheck: { Test: ['NONE'] },
      ...programOf(spec),
      StopTimeout: spec.gracePeriodSeconds,
      HostConfig,
    };
  }

  private async make(
    { name, isolation }: Pick<RuntimeSpec, 'name' | 'isolation'>,
    options: ContainerCreateOptions,
  ): Promise<string> {
    const id = await this.ask(name, options);
    try {
      await this.ociRuntimes.assertGiven(isolation, id);
    } catch (error) {
      // A container that would run under less than was asked for is not left there to be started.
      await this.remove(id);
      throw error;
    }
    return id;
  }

  private async ask(name: string, options: ContainerCreateOptions): Promise<string> {
    try {
      const { id } = await this.engine.call({
        what: `create container ${name}`,
        writes: true,
        run: (docker) => docker.createContainer({ ...options }),
        meaning: { 404: 'image-missing', 409: 'name-conflict', otherwise: 'create-failed' },
      });
      return id;
    } catch (cause) {
      const refused = cause instanceof RuntimeError && cause.failure === 'create-failed';
      if (!refused || (await this.features.traits()).tellsNameConflicts) throw cause;
      if ((await this.companions.find(name)) === null) throw cause;
      throw new RuntimeError('name-conflict', `The name ${name} is in use on the container engine.`, { cause });
    }
  }

  private async remove(id: string): Promise<void> {
    await this.engine.call({
      what: `remove container ${id}`,
      run: async (docker) => {
        await docker.getContainer(id).remove({ force: true, v: true }).catch(ignoring(404, 409));
      },
    });
  }
}

/** A program that reads its input waits for some, where an agent-server would wait for calls. */
const besideCompanion = (options: ContainerCreateOptions): ContainerCreateOptions => ({ ...options, OpenStdin: true });

/** Of engines that have none of this host's folders. */
const volumeOf = ({ name }: Pick<RuntimeSpec, 'name'>): string => `${name}.workspace`;

type Labels = Readonly<Record<string, string>>;

const isSame = (found: Labels, wanted: Labels, but: string): boolean =>
  Object.entries(wanted).every(([name, value]) => name === but || found[name] === value);

/** What is run, and how it is told to end. What is not said here is the image's. */
function programOf({
  command,
  args,
  env: given = {},
  stopSignal = 'SIGTERM',
  network,
}: RuntimeSpec<Owner>): ContainerCreateOptions {
  const env = network === undefined ? given : { ...given, [NAMES_VARIABLE]: `${NAMES_ADDRESS}:${NAMES_PORT}` };
  return {
    ...(command === undefined ? {} : { Entrypoint: [...command] }),
    ...(args === undefined ? {} : { Cmd: [...args] }),
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    StopSignal: stopSignal,
  };
}
