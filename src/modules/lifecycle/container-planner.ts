import { Injectable } from '@nestjs/common';
import { join } from 'node:path';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { InstallationId } from '../../domain/ids.js';
import { Installations } from '../../domain/installation.js';
import { AGENT_SERVER_LIMITS } from '../../domain/lifecycle/companion.js';
import { containerLimits } from '../../domain/lifecycle/container-limits.js';
import { environmentOf, programOf } from '../../domain/lifecycle/container-program.js';
import { needsCompany, type HookCompanion } from '../../domain/lifecycle/hooks.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { assertEgressAllowed } from '../../domain/network/egress-allowed.js';
import { isCarried } from '../../domain/network/peer-name.js';
import { assertBoundaryFor } from '../../domain/lifecycle/signed-needs-boundary.js';
import { unmetDemands } from '../../domain/lifecycle/runtime-demands.js';
import {
  ContainerRuntime,
  type AgentServerIn,
  type ContainerAddress,
  type RuntimeCapabilities,
} from '../../domain/runtime/container-runtime.js';
import {
  AGENT_FOLDER,
  isPoolOwner,
  type CompanionSpec,
  type ContainerOwner,
  type FolderMount,
  type Owner,
  type RuntimeSpec,
} from '../../domain/runtime/runtime-spec.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { isBelow } from '../../domain/templates/container-paths.js';
import { manifestGaps } from '../../domain/templates/manifest-not-yet.js';
import type { Manifest } from '../../domain/templates/manifest.js';
import { secretsOf } from '../../domain/templates/secret-files.js';
import { SecretVault } from '../../domain/secrets/secret-vault.js';
import { Configuration } from '../../platform/config/configuration.js';
import { digestOf } from '../../platform/crypto/digest.js';
import { manifestFaults } from '../../platform/schemas/manifest-faults.js';
import { HostHooks } from './host-hooks.js';
import { HostMounts } from './host-mounts.js';
import { ImageResolver } from './image-resolver.js';
import { PortPolicy } from './ports/port-policy.js';
import { ProjectSlugs } from './project-slugs.js';

/** Container names stay within what engines and their file systems take. */
const LONGEST_NAME_PART = 60;

/** Says what an instance's container is to be: name, folders, limits, image. */
@Injectable()
export class ContainerPlanner {
  private installation: Promise<InstallationId> | null = null;

  constructor(
    private readonly configuration: Configuration,
    private readonly installations: Installations,
    private readonly slugs: ProjectSlugs,
    private readonly images: ImageResolver,
    private readonly hostMounts: HostMounts,
    private readonly hostHooks: HostHooks,
    private readonly ports: PortPolicy,
    private readonly secrets: SecretVault,
    private readonly runtime: ContainerRuntime,
  ) {}

  /**
   * @throws DomainError MANIFEST_NOT_FOUND, VARIABLE_MISSING, HOST_ACCESS_REFUSED, EGRESS_REFUSED, RUNTIME_UNSUPPORTED, IMAGE_NOT_FOUND,
   * RUNTIME_UNAVAILABLE
   */
  async plan(instance: ManagedInstance, replica = 0): Promise<RuntimeSpec> {
    const limits = containerLimits(instance.manifest);
    assertUsable(instance.manifest, this.runtime.capabilities);
    assertBoundaryFor(instance, this.runtime);
    this.hostHooks.assertAllowed(instance.manifest);
    this.ports.assertAllowed(instance.manifest);
    assertEgressAllowed(instance.manifest, this.configuration.egress.allow);
    const { id, identifier } = instance;
    const [owner, image, projectSlug, { workspace, mounts }, secrets] = await Promise.all([
      this.ownerOf(instance, replica),
      this.imageOf(instance),
      this.slugs.of(instance),
      this.hostMounts.of(instance),
      this.secretsKnown(instance),
    ]);
    const agentServer = await this.images.agentServerIn(image);
    const companion = await this.companionOf(instance, agentServer);
    const hash = hashOf(owner);
    const rest = {
      owner,
      image,
      privateFolder: this.privateFolder(hash),
      workspaceFolder: workspace ?? this.workspaceFolder(instance),
      limits: limits.limits,
      isolation: limits.isolation,
      gracePeriodSeconds: limits.gracePeriodSeconds,
      ...programOf(instance.manifest, { id, identifier, projectSlug }, secrets, {
        agentServer,
        hasCompanion: companion !== null,
      }),
      ...(mounts.length === 0 ? {} : { mounts }),
      ...(companion === null ? {} : { companion, ...agentFolderBeside(mounts) }),
      ...(isCarried(instance.manifest.network) ? { network: 'carried' as const } : {}),
    };
    const name = ['muster', projectSlug, identifier]
      .map((part) => part.slice(0, LONGEST_NAME_PART))
      .concat(hash.slice(0, 8))
      .join('_');
    return { ...rest, name, specDigest: digestOf(rest) };
  }

  /**
   * A container of Muster's own program that can reach one folder and nothing else: what reads and fills workspaces, as the
   * agents' user and within limits of its own, whatever the agent's image and limits are.
   * @throws RuntimeError image-missing, unavailable
   */
  async planFiles(instance: ManagedInstance, workspaceFolder: string): Promise<RuntimeSpec> {
    const [owner, image] = await Promise.all([
      this.ownerOf(instance),
      this.images.resolve(this.configuration.agentImage),
    ]);
    const rest = {
      owner,
      image,
      privateFolder: this.filesFolderOf(owner),
      workspaceFolder,
      limits: AGENT_SERVER_LIMITS,
      isolation: 'runc',
      gracePeriodSeconds: 0,
    } as const;
    // Never taken for the agent's own container.
    const specDigest = `files:${digestOf(rest)}`;
    return { ...rest, name: `muster_files_${hashOf(owner).slice(0, 24)}`, specDigest };
  }

  /** The private folder of the container that reads and fills its workspace. */
  filesFolderOf(owner: ContainerOwner): string {
    return this.privateFolder(digestOf(['files', hashOf(owner)]));
  }

  /** The private folder of the companions of its hooks. */
  hooksFolderOf(owner: ContainerOwner): string {
    return this.privateFolder(digestOf(['hooks', hashOf(owner)]));
  }

  /** The image named in the manifest, or its companion's, turned out to be gone: look them up anew. */
  forgetImage({ manifest, lifecycle }: ManagedInstance): void {
    if (lifecycle.image) this.images.forgetPinned(lifecycle.image);
    else if (manifest.image !== undefined) this.images.forget(manifest.image);
    this.images.forget(this.configuration.agentImage);
  }

  /** What its manifest named is what it was when the agent was made; the installation's own follows the installation. @throws RuntimeError */
  private async imageOf({ manifest, lifecycle }: ManagedInstance): Promise<string> {
    if (lifecycle.image) return this.images.resolvePinned(lifecycle.image);
    return this.images.resolve(manifest.image ?? this.configuration.agentImage);
  }

  /** null where the image brings agent-server. The installation's own is the one that companions are made from. */
  private async companionOf({ manifest }: ManagedInstance, agentServer: AgentServerIn): Promise<CompanionSpec | null> {
    if (manifest.image === undefined || agentServer !== 'none') return null;
    assertReachable(manifest);
    return this.companion();
  }

  /** @throws RuntimeError image-missing, unavailable */
  private async companion(): Promise<CompanionSpec> {
    return { image: await this.images.resolve(this.configuration.agentImage), limits: AGENT_SERVER_LIMITS };
  }

  /** What the hooks of an agent with this specification get their secrets and network by; null: they get none. @throws as `plan` */
  async hookCompanion({ owner, companion, ...rest }: RuntimeSpec): Promise<HookCompanion | null> {
    if (!needsCompany({ owner, ...rest })) return null;
    return { spec: companion ?? (await this.companion()), privateFolder: this.hooksFolderOf(owner) };
  }

  /** Where the runtime has no place for them there are none: one that is required has been refused by now. */
  private async secretsKnown({ manifest, tenantId, projectId }: ManagedInstance): Promise<ReadonlySet<string>> {
    const names = this.runtime.capabilities.secrets ? secretsOf(manifest).map(({ secret }) => secret) : [];
    return this.secrets.known(tenantId, projectId, names);
  }

  async ownerOf(instance: ManagedInstance, replica = 0): Promise<ContainerOwner> {
    return {
      installation: await this.installationId(),
      tenant: instance.tenantId,
      project: instance.projectId,
      instance: instance.id,
      replica,
    };
  }

  /** Where the agent in a container of this replica is reached, and what is told to programs that are started there. */
  async addressOf(instance: ManagedInstance, replica: number, id: string): Promise<ContainerAddress> {
    const [owner, env] = await Promise.all([this.ownerOf(instance, replica), this.environmentOf(instance, replica)]);
    return { id, privateFolder: this.privateFolderOf(owner), env };
  }

  /** What the programs of this replica are told, as its container was made. */
  async environmentOf(instance: ManagedInstance, replica: number): Promise<Readonly<Record<string, string>>> {
    const { id, identifier, manifest, lifecycle } = instance;
    const { secrets = [], companionId = null } = lifecycle.replicas.find(({ index }) => index === replica) ?? {};
    const owner = { id, identifier, projectSlug: await this.slugs.of(instance) };
    return environmentOf(manifest, owner, secrets, companionId !== null);
  }

  privateFolderOf(owner: ContainerOwner): string {
    return this.privateFolder(hashOf(owner));
  }

  workspaceFolder(instance: Pick<ManagedInstance, 'id' | 'projectId'>): string {
    return join(this.configuration.artifactsDir, instance.projectId, 'workspaces', instance.id);
  }

  /** Where a workspace is put together, and where the one that it replaces goes. Only Muster can write what lies above. */
  workspaceSwap(instance: Pick<ManagedInstance, 'id' | 'projectId'>): { readonly next: string; readonly last: string } {
    const folder = this.workspaceFolder(instance);
    return { next: `${folder}.next`, last: `${folder}.last` };
  }

  /** All that is the agent's own to keep: its workspace, and what lies above the folders of its code. */
  ownFolders(instance: Pick<ManagedInstance, 'id' | 'projectId'>): readonly string[] {
    const { next, last } = this.workspaceSwap(instance);
    return [this.workspaceFolder(instance), next, last, this.hostMounts.codeFolder(instance)];
  }

  async installationId(): Promise<InstallationId> {
    this.installation ??= this.installations.current();
    try {
      return await this.installation;
    } catch (error) {
      this.installation = null;
      throw error;
    }
  }

  /** Long enough that no two agents of a host share one, short enough for the path of a socket in it (107 bytes). */
  private privateFolder(hash: string): string {
    return join(this.configuration.dataDir, 'run', hash.slice(0, 12));
  }
}

/**
 * A snapshot may be older than the rules of today, and may name what this Muster does not act on.
 * @throws DomainError MANIFEST_NOT_FOUND, RUNTIME_UNSUPPORTED
 */
function assertUsable(manifest: Manifest, capabilities: RuntimeCapabilities): void {
  const unmet = unmetDemands(manifest, capabilities);
  const faults = [...manifestFaults(manifest), ...unmet];
  if (faults.length === 0) return;
  const gaps = new Set([...manifestGaps(manifest), ...unmet].map(({ pointer }) => pointer));
  const code = faults.every(({ pointer }) => gaps.has(pointer)) ? 'RUNTIME_UNSUPPORTED' : 'MANIFEST_NOT_FOUND';
  const told = faults.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ');
  throw new DomainError(code, `The manifest cannot be used: ${told}.`, { faults });
}

/**
 * gVisor's kernel has a network of its own for each container, also where two share one.
 * @throws RuntimeError unsupported
 */
function assertReachable({ isolation, health, ports = [], env = [], network }: Manifest): void {
  if (isolation !== 'gvisor') return;
  if (secretsOf({ env }).length > 0) {
    // Memory that two of its containers share is, to each, a disk of the host's.
    throw new RuntimeError(
      'unsupported',
      'Under gVisor an image without agent-server cannot be given secrets. Use an image built FROM muster/agent.',
    );
  }
  const isAsked = health?.kind === 'http' || health?.kind === 'tcp' || ports.length > 0 || isCarried(network);
  if (!isAsked) return;
  throw new RuntimeError(
    'unsupported',
    "Under gVisor nobody beside the image's own programs reaches its ports, and it reaches nobody's, so ports, a network, and health of kind http and tcp are not possible there. Use health of kind command, or an image built FROM muster/agent.",
  );
}

/** An image without agent-server has no /Agent either; and what a manifest puts there stays. */
const agentFolderBeside = (mounts: readonly FolderMount[]): Pick<RuntimeSpec, 'agentFolder'> =>
  mounts.some(({ target }) => isBelow(target, AGENT_FOLDER)) ? {} : { agentFolder: 'mounted' };

const hashOf = ({ installation, tenant, instance, replica }: ContainerOwner): string =>
  digestOf([installation, tenant, instance, replica]);

/** Are these labels those of the container that `owner` is to have? */
export function isSameOwner(found: Owner | null, owner: ContainerOwner): boolean {
  if (found === null || isPoolOwner(found)) return false;
  return (Object.keys(owner) as (keyof ContainerOwner)[]).every((key) => found[key] === owner[key]);
}
