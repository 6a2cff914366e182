import { posix } from 'node:path';
import type { HostConfig, MountSettings } from 'dockerode';
import type { FolderMount, RuntimeLimits } from '../../domain/runtime/runtime-spec.js';
import type { WritablePath } from '../../domain/templates/manifest.js';
import { SECRETS_FOLDER } from '../../domain/templates/secret-files.js';
import { NAMES_ADDRESS, SOCKET_FOLDER } from '../agent/agent-protocol.js';
import type { EngineKind } from './engine-features.js';

const MIB = 1024 * 1024;
const WORKSPACE = '/workspace';
const TMP = '/tmp';
const OPEN_FILES = 4096;
const SHARED_MEMORY_MIB = 16;
/**
 * Processes of the agents' user, in all containers together, which no container's own limit counts: as many as Linux has numbers for.
 * Podman would say a million where nothing is said, and be refused where root may not raise limits.
 */
const PODMAN_USER_PROCESSES = 32_768;
/** The socket alone lies there when the private folder is not the host's. */
const SOCKET_TMPFS_MIB = 1;
/** All that a manifest can name, twice: new values are put there before the old ones go. */
const SECRETS_MIB = 8;

/** Names of OCI runtimes as engines register them. */
export const OCI_RUNTIMES = { runc: null, gvisor: 'runsc' } as const;

/** Threads that the OCI runtime itself runs within the container's limit: gVisor's kernel has 32 for one Node.js program. */
const OWN_TASKS = { runc: 0, gvisor: 64 } as const satisfies Record<keyof typeof OCI_RUNTIMES, number>;

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
  readonly engine: EngineKind;
  readonly limits: RuntimeLimits;
  readonly isolation: keyof typeof OCI_RUNTIMES;
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
  const { engine, limits, isolation, uid, init, joins, workspace, imageVolumes = [], carried = false } = enclosure;
  const hasSocket = joins === undefined;
  const privateFolder = hasSocket ? enclosure.privateFolder : null;
  const memory = limits.memoryMiB * MIB;
  const runtime = OCI_RUNTIMES[isolation];
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
    Tmpfs: {
      // Nothing is to be run from there: what an agent installs belongs to its workspace.
      [TMP]: `rw,noexec,nosuid,nodev,mode=1777,size=${limits.tmpfsMiB}m`,
      ...inMemory(imageVolumes, enclosure, mounts),
      ...(hasSocket && privateFolder === null ? { [SOCKET_FOLDER]: tmpfsOf(engine, uid, SOCKET_TMPFS_MIB) } : {}),
      ...(enclosure.secrets === 'own' ? { [SECRETS_FOLDER]: tmpfsOf(engine, uid, SECRETS_MIB) } : {}),
      ...Object.fromEntries(
        (enclosure.writablePaths ?? []).map(({ path, sizeMiB }) => [path, tmpfsOf(engine, uid, sizeMiB)]),
      ),
    },
    ShmSize: Math.min(SHARED_MEMORY_MIB, limits.tmpfsMiB) * MIB,
    NanoCpus: Math.round(limits.cpus * 1e9),
    Memory: memory,
    // Equal, so that there is no swap beside it.
    MemorySwap: memory,
    OomKillDisable: false,
    PidsLimit: limits.pids + OWN_TASKS[isolation],
    Ulimits: [
      { Name: 'nofile', Soft: OPEN_FILES, Hard: OPEN_FILES },
      { Name: 'core', Soft: 0, Hard: 0 },
      ...(engine === 'podman' ? [{ Name: 'nproc', Soft: PODMAN_USER_PROCESSES, Hard: PODMAN_USER_PROCESSES }] : []),
    ],
    // Muster restarts, nobody else.
    RestartPolicy: { Name: 'no' },
    LogConfig: { Type: 'json-file', Config: { 'max-size': '4m', 'max-file': '2' } },
    ...(runtime === null ? {} : { Runtime: runtime }),
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
 * The engine would make a volume on its own disk for each that an image declares, of no size at all. What has no place of
 * its own is kept in memory instead, which the container's limit counts.
 */
function inMemory(
  imageVolumes: readonly string[],
  { engine, uid, limits }: Enclosure,
  mounts: readonly MountSettings[],
): Record<string, string> {
  const taken = new Set([TMP, SOCKET_FOLDER, ...mounts.map(({ Target }) => Target)]);
  const paths = imageVolumes.map((path) => posix.resolve('/', path)).filter((path) => !taken.has(path));
  const options = `rw,noexec,nosuid,nodev,${owned(engine, '0755', uid)},size=${limits.tmpfsMiB}m`;
  return Object.fromEntries(paths.map((path) => [path, options]));
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
  // Its options are the kernel's own, whoever passes them on.
  const options = { type: 'tmpfs', device: 'tmpfs', o: tmpfsOf('docker', uid, SECRETS_MIB) };
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

function tmpfsOf(engine: EngineKind, uid: number, sizeMiB: number): string {
  return `rw,noexec,nosuid,nodev,${owned(engine, '0700', uid)},size=${sizeMiB}m`;
}

/** Podman takes no owner; there is nobody in a container but its one user, and root without a capability. */
function owned(engine: EngineKind, mode: string, uid: number): string {
  return engine === 'podman' ? 'mode=1777' : `mode=${mode},uid=${uid},gid=${uid}`;
}
