import { Injectable } from '@nestjs/common';
import { join } from 'node:path';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import type { InstallationId, ProjectId, TenantId } from '../../domain/ids.js';
import { Installations } from '../../domain/installation.js';
import { containerLimits } from '../../domain/lifecycle/container-limits.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { Projects } from '../../domain/projects/projects.repository.js';
import type { ContainerOwner, RuntimeSpec } from '../../domain/runtime/runtime-spec.js';
import { Configuration } from '../../platform/config/configuration.js';
import { digestOf } from '../../platform/crypto/digest.js';
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
  ) {}

  /** @throws DomainError MANIFEST_NOT_FOUND, IMAGE_NOT_FOUND, RUNTIME_UNAVAILABLE */
  async plan(instance: ManagedInstance): Promise<RuntimeSpec> {
    const limits = containerLimits(instance.manifest);
    const [owner, image, slug] = await Promise.all([
      this.ownerOf(instance),
      this.images.resolve(limits.image ?? this.configuration.agentImage),
      this.slugOf(instance),
    ]);
    const hash = hashOf(owner);
    const rest = {
      owner,
      image,
      privateFolder: this.privateFolder(hash),
      workspaceFolder: this.workspaceFolder(instance),
      limits: limits.limits,
      isolation: limits.isolation,
      gracePeriodSeconds: limits.gracePeriodSeconds,
    };
    const name = ['muster', slug, instance.identifier]
      .map((part) => part.slice(0, LONGEST_NAME_PART))
      .concat(hash.slice(0, 8))
      .join('_');
    return { ...rest, name, specDigest: digestOf(rest) };
  }

  /** The image named in the manifest turned out to be gone: look it up anew. */
  forgetImage(instance: ManagedInstance): void {
    this.images.forget(containerLimits(instance.manifest).image ?? this.configuration.agentImage);
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

const hashOf = ({ installation, tenant, instance, replica }: ContainerOwner): string =>
  digestOf([installation, tenant, instance, replica]);

/** Are these labels those of the container that `owner` is to have? */
export function isSameOwner(found: ContainerOwner | null, owner: ContainerOwner): boolean {
  return found !== null && (Object.keys(owner) as (keyof ContainerOwner)[]).every((key) => found[key] === owner[key]);
}
