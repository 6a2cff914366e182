import { Injectable } from '@nestjs/common';
import { join } from 'node:path';
import { DomainError } from '../../domain/errors/domain-error.js';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import type { InstallationId, ProjectId, TenantId } from '../../domain/ids.js';
import { Installations } from '../../domain/installation.js';
import { containerLimits } from '../../domain/lifecycle/container-limits.js';
import { programOf } from '../../domain/lifecycle/container-program.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { assertBoundaryFor } from '../../domain/lifecycle/signed-needs-boundary.js';
import { Projects } from '../../domain/projects/projects.repository.js';
import { ContainerRuntime } from '../../domain/runtime/container-runtime.js';
import { isPoolOwner, type ContainerOwner, type Owner, type RuntimeSpec } from '../../domain/runtime/runtime-spec.js';
import { manifestGaps } from '../../domain/templates/manifest-not-yet.js';
import type { Manifest } from '../../domain/templates/manifest.js';
import { Configuration } from '../../platform/config/configuration.js';
import { digestOf } from '../../platform/crypto/digest.js';
import { manifestFaults } from '../../platform/schemas/manifest-faults.js';
import { HostHooks } from './host-hooks.js';
import { HostMounts } from './host-mounts.js';
import { ImageResolver } from './image-resolver.js';

const SLUGS_KEPT = 1000;
/** Container names stay within what engines and their file systems take. */
const LONGEST_NAME_PART = 60;

/** Says what an instance's container is to be: name, folders, limits, image. */
@Injectable()
export class ContainerPlanner {
  private readonly slugs = new Map<ProjectId, Promise<string>>();
  private installation: Promise<InstallationId> | null = null;

  constructor(
    private readonly configuration: Configuration,
    private readonly installations: Installations,
    private readonly projects: Projects,
    private readonly images: ImageResolver,
    private readonly hostMounts: HostMounts,
    private readonly hostHooks: HostHooks,
    private readonly runtime: ContainerRuntime,
  ) {}

  /**
   * @throws DomainError MANIFEST_NOT_FOUND, VARIABLE_MISSING, HOST_ACCESS_REFUSED, RUNTIME_UNSUPPORTED, IMAGE_NOT_FOUND,
   * RUNTIME_UNAVAILABLE
   */
  async plan(instance: ManagedInstance): Promise<RuntimeSpec> {
    const limits = containerLimits(instance.manifest);
    assertUsable(instance.manifest);
    assertBoundaryFor(instance.spawn, this.runtime);
    this.hostHooks.assertAllowed(instance.manifest);
    const { id, identifier } = instance;
    const [owner, image, projectSlug, { workspace, mounts }] = await Promise.all([
      this.ownerOf(instance),
      this.images.resolve(this.imageOf(instance)),
      this.slugOf(instance),
      this.hostMounts.of(instance),
    ]);
    const hash = hashOf(owner);
    const rest = {
      owner,
      image,
      privateFolder: this.privateFolder(hash),
      workspaceFolder: workspace ?? this.workspaceFolder(instance),
      limits: limits.limits,
      isolation: limits.isolation,
      gracePeriodSeconds: limits.gracePeriodSeconds,
      ...programOf(instance.manifest, { id, identifier, projectSlug }),
      ...(mounts.length === 0 ? {} : { mounts }),
    };
    const name = ['muster', projectSlug, identifier]
      .map((part) => part.slice(0, LONGEST_NAME_PART))
      .concat(hash.slice(0, 8))
      .join('_');
    return { ...rest, name, specDigest: digestOf(rest) };
  }

  /** The image named in the manifest turned out to be gone: look it up anew. */
  forgetImage(instance: ManagedInstance): void {
    this.images.forget(this.imageOf(instance));
  }

  /** What its manifest named is what it was when the agent first started; the installation's own follows the installation. */
  private imageOf({ manifest, lifecycle }: ManagedInstance): string {
    return lifecycle.image?.id ?? manifest.image ?? this.configuration.agentImage;
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

  privateFolderOf(owner: ContainerOwner): string {
    return this.privateFolder(hashOf(owner));
  }

  workspaceFolder(instance: Pick<ManagedInstance, 'id' | 'projectId'>): string {
    return join(this.configuration.artifactsDir, instance.projectId, 'workspaces', instance.id);
  }

  /** All that is the agent's own to keep: its workspace, and what lies above the folders of its code. */
  ownFolders(instance: Pick<ManagedInstance, 'id' | 'projectId'>): readonly string[] {
    return [this.workspaceFolder(instance), this.hostMounts.codeFolder(instance)];
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

  private async slugOf({ projectId, tenantId }: ManagedInstance): Promise<string> {
    const known = this.slugs.get(projectId);
    if (known !== undefined) return known;
    if (this.slugs.size >= SLUGS_KEPT) this.slugs.clear();
    const reading = this.readSlug(projectId, tenantId);
    this.slugs.set(projectId, reading);
    try {
      return await reading;
    } catch (error) {
      this.slugs.delete(projectId);
      throw error;
    }
  }

  private async readSlug(projectId: ProjectId, tenantId: TenantId): Promise<string> {
    const project = await this.projects.find(projectId, tenantId);
    if (project === null) throw new NotFoundError('project', projectId);
    return project.slug;
  }
}

/**
 * A snapshot may be older than the rules of today, and may name what this Muster does not act on.
 * @throws DomainError MANIFEST_NOT_FOUND, RUNTIME_UNSUPPORTED
 */
function assertUsable(manifest: Manifest): void {
  const faults = manifestFaults(manifest);
  if (faults.length === 0) return;
  const gaps = new Set(manifestGaps(manifest).map(({ pointer }) => pointer));
  const code = faults.every(({ pointer }) => gaps.has(pointer)) ? 'RUNTIME_UNSUPPORTED' : 'MANIFEST_NOT_FOUND';
  const told = faults.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ');
  throw new DomainError(code, `The manifest cannot be used: ${told}.`, { faults });
}

const hashOf = ({ installation, tenant, instance, replica }: ContainerOwner): string =>
  digestOf([installation, tenant, instance, replica]);

/** Are these labels those of the container that `owner` is to have? */
export function isSameOwner(found: Owner | null, owner: ContainerOwner): boolean {
  if (found === null || isPoolOwner(found)) return false;
  return (Object.keys(owner) as (keyof ContainerOwner)[]).every((key) => found[key] === owner[key]);
}
