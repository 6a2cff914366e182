import { Injectable } from '@nestjs/common';
import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import type { FolderMount } from '../../domain/runtime/runtime-spec.js';
import type { Manifest } from '../../domain/templates/manifest.js';
import { Configuration } from '../../platform/config/configuration.js';

/** The seed's places inside a container. */
const CODE = '/code';
const NODE_MODULES = '/code/node_modules';
const SKILLS = '/code/.AchillesSkills';

export interface AgentMounts {
  /** In place of the agent's own workspace folder; null: that. */
  readonly workspace: string | null;
  readonly mounts: readonly FolderMount[];
}

/** Says which folders of this host an agent's container gets beside its own: none that the operator has not allowed. */
@Injectable()
export class HostMounts {
  constructor(private readonly configuration: Configuration) {}

  /** @throws DomainError HOST_ACCESS_REFUSED */
  async of({ manifest, id, projectId }: Pick<ManagedInstance, 'manifest' | 'id' | 'projectId'>): Promise<AgentMounts> {
    const { runMode, hostPath, mounts = [], profile = 'prod' } = manifest;
    const shared = hostPath === undefined ? null : await this.allowed(hostPath);
    const isDev = profile === 'dev';
    const given = await Promise.all(
      mounts.map(async ({ source, target, readOnly = !(isDev && (target === CODE || target === SKILLS)) }) => ({
        source: await this.allowed(source),
        target,
        readOnly,
        own: false,
      })),
    );
    const code =
      runMode === 'devel' ? await this.checkout(shared, isDev) : this.ownCode(manifest, id, projectId, isDev);
    const taken = new Set(given.map(({ target }) => target));
    return {
      workspace: runMode === 'global' ? shared : null,
      mounts: [...code.filter(({ target }) => !taken.has(target)), ...given],
    };
  }

  /** What lies above the folders of an agent's own code: never mounted, so that no agent can put anything in their place. */
  codeFolder({ id, projectId }: Pick<ManagedInstance, 'id' | 'projectId'>): string {
    return join(this.configuration.artifactsDir, projectId, 'code', id);
  }

  private ownCode(
    { runMode }: Manifest,
    id: ManagedInstance['id'],
    projectId: ManagedInstance['projectId'],
    isDev: boolean,
  ): readonly FolderMount[] {
    if (runMode === undefined) return [];
    const folder = this.codeFolder({ id, projectId });
    const own = true;
    return [
      { source: join(folder, 'code'), target: CODE, readOnly: !isDev, own },
      { source: join(folder, 'node_modules'), target: NODE_MODULES, readOnly: true, own },
      { source: join(folder, 'skills'), target: SKILLS, readOnly: !isDev, own },
    ];
  }

  /** A checkout of the operator's; what it has installed stays read-only also while the rest is edited. */
  private async checkout(folder: string | null, isDev: boolean): Promise<readonly FolderMount[]> {
    if (folder === null) return [];
    const code = { source: folder, target: CODE, readOnly: !isDev, own: false };
    const modules = join(folder, 'node_modules');
    if (!(await isFolder(modules))) return [code];
    return [code, { source: await this.allowed(modules), target: NODE_MODULES, readOnly: true, own: false }];
  }

  /** The folder itself, every link in its path followed, when it lies below a root. */
  private async allowed(path: string): Promise<string> {
    const refused = (why: string): DomainError =>
      new DomainError('HOST_ACCESS_REFUSED', `The folder ${path} ${why}.`, { details: { path } });
    const roots = await Promise.all(this.configuration.hostMountRoots.map((root) => realpath(root).catch(() => null)));
    const isAllowed = (folder: string): boolean =>
      roots.some((root) => root !== null && (folder === root || folder.startsWith(`${root}${sep}`)));
    const found = await realpath(path).catch(() => null);
    // One answer for what is not there and for what is not allowed: the host's other folders are nobody's business.
    if (found === null || !isAllowed(found)) throw refused('is not below one of HOST_MOUNT_ROOTS, or is not there');
    if (!(await isFolder(found))) throw refused('is not a folder');
    return found;
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
