import { Injectable } from '@nestjs/common';
import { lstat, mkdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import type { FolderMount } from '../../domain/runtime/runtime-spec.js';
import { Configuration } from '../../platform/config/configuration.js';

/** The seed's places inside a container. */
const CODE = '/code';
const NODE_MODULES = '/code/node_modules';
const SKILLS = '/code/.AchillesSkills';

type Mounted = Pick<ManagedInstance, 'manifest' | 'id' | 'projectId'>;

export interface AgentMounts {
  /** In place of the agent's own workspace folder; null: that. */
  readonly workspace: string | null;
  readonly mounts: readonly FolderMount[];
}

/** Says which folders of this host an agent's container gets beside its own: none that the operator has not allowed. */
@Injectable()
export class HostMounts {
  constructor(private readonly configuration: Configuration) {}

  /** Makes a folder node_modules in a checkout that has none, where one is to be mounted. @throws DomainError HOST_ACCESS_REFUSED */
  async of(instance: Mounted): Promise<AgentMounts> {
    const { manifest } = instance;
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
    const code = runMode === 'devel' ? checkout(shared, isDev) : this.ownCode(instance, isDev);
    const taken = new Set(given.map(({ target }) => target));
    const mounted = [...code.filter(({ target }) => !taken.has(target)), ...given];
    return {
      workspace: runMode === 'global' ? shared : null,
      mounts: [...mounted, ...(await this.modules(instance, mounted))],
    };
  }

  /** What lies above the folders of an agent's own code: never mounted, so that no agent can put anything in their place. */
  codeFolder({ id, projectId }: Pick<ManagedInstance, 'id' | 'projectId'>): string {
    return join(this.configuration.artifactsDir, projectId, 'code', id);
  }

  private ownCode(instance: Mounted, isDev: boolean): readonly FolderMount[] {
    if (instance.manifest.runMode === undefined) return [];
    const folder = this.codeFolder(instance);
    const own = true;
    return [
      { source: join(folder, 'code'), target: CODE, readOnly: !isDev, own },
      this.ownModules(instance),
      { source: join(folder, 'skills'), target: SKILLS, readOnly: !isDev, own },
    ];
  }

  private ownModules(instance: Mounted): FolderMount {
    return { source: join(this.codeFolder(instance), 'node_modules'), target: NODE_MODULES, readOnly: true, own: true };
  }

  /**
   * What stands over the node_modules of code that is the operator's, so that only a hook writes there: the agent's own, where its
   * manifest installs something; else what the operator has installed. Nothing where there is none, and nobody can make one.
   */
  private async modules(instance: Mounted, mounted: readonly FolderMount[]): Promise<readonly FolderMount[]> {
    const code = mounted.find(({ target }) => target === CODE);
    if (code === undefined || code.own || mounted.some(({ target }) => target === NODE_MODULES)) return [];
    const folder = join(code.source, 'node_modules');
    const isDevel = instance.manifest.runMode === 'devel';
    const installs = isDevel && instance.manifest.hooks?.install !== undefined;
    if (code.readOnly && !installs) return isDevel && (await isFolder(folder)) ? [await this.theirModules(folder)] : [];
    await makePlace(folder);
    return [installs ? this.ownModules(instance) : await this.theirModules(folder)];
  }

  private async theirModules(folder: string): Promise<FolderMount> {
    return { source: await this.allowed(folder), target: NODE_MODULES, readOnly: true, own: false };
  }

  /** The folder itself, every link in its path followed, when it lies below a root. */
  private async allowed(path: string): Promise<string> {
    const refused = (why: string): DomainError => refusal(path, why);
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

/** A checkout of the operator's. */
const checkout = (folder: string | null, isDev: boolean): readonly FolderMount[] =>
  folder === null ? [] : [{ source: folder, target: CODE, readOnly: !isDev, own: false }];

/**
 * A folder that something can be mounted over, in one that agents may write: a link there could be replaced by them.
 * @throws DomainError HOST_ACCESS_REFUSED
 */
async function makePlace(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o755 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EEXIST')
      throw refusal(folder, `is not there, and cannot be made (${code ?? 'unknown reason'})`, cause);
    if ((await lstat(folder)).isDirectory()) return;
    throw refusal(folder, 'is to be a folder itself, and no link');
  }
}

const refusal = (path: string, why: string, cause?: unknown): DomainError =>
  new DomainError('HOST_ACCESS_REFUSED', `The folder ${path} ${why}.`, { cause, details: { path } });

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
