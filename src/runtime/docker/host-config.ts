import type { HostConfig, MountSettings } from 'dockerode';
import type { FolderMount, RuntimeLimits } from '../../domain/runtime/runtime-spec.js';
import type { WritablePath } from '../../domain/templates/manifest.js';
import { SECRETS_FOLDER } from '../../domain/templates/secret-files.js';
import { NAMES_ADDRESS, SOCKET_FOLDER } from '../agent/agent-protocol.js';
import type { EngineTraits } from './engine-traits.js';
import { ISOLATIONS, type Isolation } from './isolations.js';
import { closed, commonMemory, inMemory, kernelMemory, memoryOf } from './memory-places.js';

const MIB = 1024 * 1024;
const WORKSPACE = '/workspace';
const TMP = '/tmp';
const OPEN_FILES = 4096;
const SHARED_MEMORY_MIB = 16;
/** The socket alone lies there when the private folder is not the host's. */
const SOCKET_MIB = 1;
/** All that a manifest can name, twice: new values are put there before the old ones go. */
const SECRETS_MIB = 8;

/** No domain of the host's is to be tried; and ports below 1024 are the container's own, in a network that nobody else is in. */
const CARRIED = {
  Dns: [NAMES_ADDRESS],
  DnsSearch: ['.'],
  Sysctls: { 'net.ipv4.ip_unprivileged_port_start': '0' },
} as const satisfies HostConfig;

/** dockerode's types do not know this one. */
interface HardenedHostConfig extends HostConfig {
  readonly CgroupnsMode: 'private';
}

export interface Enclosure {
  readonly engine: EngineTraits;
  readonly limits: RuntimeLimits;
  readonly isolation: Isolation;
  readonly uid: number;
  /** The host's folder for the socket; null when agents are reached by exec, for then none is needed. */
  readonly privateFolder: string | null;
  /** The container whose network it shares; that one has the socket then. @default none, and no network */
  readonly joins?: string;
  /** Has the engine a small program to be process 1, which buries processes whose parents are gone? */
  readonly init: boolean;
  /** Are names asked for at the loopback, where agent-server answers, and may it listen on every port there? @default false */
  readonly carried?: boolean;
  /** null for a container without a workspace. */
  readonly workspace: { readonly folder: string } | { readonly volume: string } | null;
  /** Where the image declares volumes. @default none */
  readonly imageVolumes?: readonly string[];
  /** Folders of the host beside these. @default none */
  readonly mounts?: readonly FolderMount[];
  /**
   * Where its secrets are put: into memory of its own; into memory that is made for it and can be mounted by another container; or,
   * read-only, into that of the one it joins. @default no such folder
   */
  readonly secrets?: 'own' | { readonly labels: Readonly<Record<string, string>> } | { readonly volume: string };
  /** Folders in memory beside /tmp. @default none */
  readonly writablePaths?: readonly Required<WritablePath>[];
}

/**
 * The one place that says what a container may do. Hardening is not an option; what is not named here keeps the engine's
 * default, and the default seccomp profile is one of these.
 */
export function makeHostConfig(enclosure: Enclosure): HardenedHostConfig {
  const { engine, limits, isolation, uid, init, joins, workspace, carried = false } = enclosure;
  const privateFolder = joins === undefined ? enclosure.privateFolder : null;
  const memory = limits.memoryMiB * MIB;
  const { userProcesses } = engine;
  const { ociRuntime, ownTasks } = ISOLATIONS[isolation];
  const mounts: MountSettings[] = [];
  if (privateFolder !== null) mounts.push(bind(privateFolder, SOCKET_FOLDER));
  if (workspace !== null) {
    mounts.push('folder' in workspace ? bind(workspace.folder, WORKSPACE) : volume(workspace.volume));
  }
  for (const { source, target, readOnly } of enclosure.mounts ?? []) mounts.push(bind(source, target, readOnly));
  if (enclosure.secrets !== undefined && enclosure.secrets !== 'own') mounts.push(sharedMemory(enclosure.secrets, uid));
  return {
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges:true'],
    Privileged: false,
    Init: init,
    ReadonlyRootfs: true,
    // The other one has none either.
    NetworkMode: joins === undefined ? 'none' : `container:${joins}`,
    // One that joins another's network has its names and its ports too.
    ...(carried && joins === undefined ? CARRIED : {}),
    IpcMode: 'private',
    CgroupnsMode: 'private',
    Mounts: mounts,
    Tmpfs: inMemoryOf(enclosure, mounts),
    ShmSize: Math.min(SHARED_MEMORY_MIB, limits.tmpfsMiB) * MIB,
    NanoCpus: Math.round(limits.cpus * 1e9),
    Memory: memory,
    // Equal, so that there is no swap beside it.
    MemorySwap: memory,
    OomKillDisable: false,
    PidsLimit: limits.pids + ownTasks,
    Ulimits: [
      { Name: 'nofile', Soft: OPEN_FILES, Hard: OPEN_FILES },
      { Name: 'core', Soft: 0, Hard: 0 },
      ...(userProcesses === null ? [] : [{ Name: 'nproc', Soft: userProcesses, Hard: userProcesses }]),
    ],
    // Muster restarts, nobody else.
    RestartPolicy: { Name: 'no' },
    LogConfig: { Type: 'json-file', Config: { 'max-size': '4m', 'max-file': '2' } },
    ...(ociRuntime === null ? {} : { Runtime: ociRuntime }),
  };
}

/** Everything that an agent can write to and that is gone with its container; each has a size. */
function inMemoryOf(enclosure: Enclosure, mounts: readonly MountSettings[]): Record<string, string> {
  const { engine, limits, uid, joins, privateFolder, secrets, imageVolumes = [], writablePaths = [] } = enclosure;
  const mounted = new Set(mounts.map(({ Target }) => Target));
  return {
    ...closed(engine, mounted),
    // What an agent installs belongs to its workspace.
    [TMP]: commonMemory(engine, limits.tmpfsMiB),
    ...inMemory(
      imageVolumes,
      new Set([TMP, SOCKET_FOLDER, ...mounted]),
      memoryOf(engine, uid, limits.tmpfsMiB, '0755'),
    ),
    ...(joins === undefined && privateFolder === null ? { [SOCKET_FOLDER]: memoryOf(engine, uid, SOCKET_MIB) } : {}),
    ...(secrets === 'own' ? { [SECRETS_FOLDER]: memoryOf(engine, uid, SECRETS_MIB) } : {}),
    ...Object.fromEntries(writablePaths.map(({ path, sizeMiB }) => [path, memoryOf(engine, uid, sizeMiB)])),
  };
}

/** A Mount, not a Bind: the engine would make a Bind's missing folder, as root. */
function bind(source: string, target: string, readOnly = false): MountSettings {
  return { Type: 'bind', Source: source, Target: target, ReadOnly: readOnly, BindOptions: { Propagation: 'rprivate' } };
}

function volume(name: string): MountSettings {
  return { Type: 'volume', Source: name, Target: WORKSPACE, ReadOnly: false };
}

/**
 * Memory that two containers share is, to the engine, a volume. One without a name goes with the container that it is made for; what is in it is
 * gone as soon as no container that has it runs.
 */
function sharedMemory(secrets: Exclude<NonNullable<Enclosure['secrets']>, 'own'>, uid: number): MountSettings {
  const common = { Type: 'volume', Target: SECRETS_FOLDER } as const;
  if ('volume' in secrets) {
    return { ...common, Source: secrets.volume, ReadOnly: true, VolumeOptions: volumeOptions({}, {}) };
  }
  const options = { type: 'tmpfs', device: 'tmpfs', o: kernelMemory(uid, SECRETS_MIB) };
  return { ...common, Source: '', ReadOnly: false, VolumeOptions: volumeOptions(secrets.labels, options) };
}

/** Nothing that an image has at that place is copied there. */
const volumeOptions = (
  labels: Readonly<Record<string, string>>,
  options: Readonly<Record<string, string>>,
): NonNullable<MountSettings['VolumeOptions']> => ({
  NoCopy: true,
  Labels: labels,
  DriverConfig: { Name: 'local', Options: options },
});
