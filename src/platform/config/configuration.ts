import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { QuotaLimits } from '../../domain/quotas/quota.js';
import type { Settings } from './variables.js';
import { readSettings, type Environment } from './read-settings.js';

/** Muster's own folder: where package.json, docs and packages lie. The same from src and from dist. */
const HOME = fileURLToPath(new URL('../../..', import.meta.url));

/** How this Muster is set up. Paths are absolute. `undefined` is "not set". */
export class Configuration {
  readonly host: string;
  /** 0: a free one is taken. */
  readonly port: number;
  readonly nodeEnv: Settings['NODE_ENV'];
  readonly logLevel: Settings['LOG_LEVEL'];
  readonly logFormat: Settings['LOG_FORMAT'];
  readonly dataDir: string;
  readonly artifactsDir: string;
  readonly mongodbUri: string | undefined;
  readonly embeddedDatabase: Settings['EMBEDDED_DATABASE'];
  readonly mongodBinary: string | undefined;
  readonly runtime: Settings['RUNTIME'];
  readonly dockerHost: string | undefined;
  readonly agentImage: string;
  /** The one file of agent-server that the process runtime starts. */
  readonly agentBundle: string;
  /** What agents' own programs find as /Agent. */
  readonly agentFolder = join(HOME, 'packages/agent-server/dist/Agent');
  /** Absolute; below them manifests may name folders to mount. */
  readonly hostMountRoots: readonly string[];
  /** What hosthook_* may run, to the letter. */
  readonly hostHooks: readonly string[];
  /** Addresses beside the loopback on which ports of agents may be opened. */
  readonly portBindAddresses: readonly string[];
  /** Which hosts outside agents may reach, at most; see EGRESS_*. */
  readonly egress: {
    readonly allow: readonly string[];
    /** CIDRs. */
    readonly privateNetworks: readonly string[];
    /** `address:port`; empty: as this host does. */
    readonly nameServers: readonly string[];
  };
  readonly bootstrapAdminKey: string | undefined;
  /** No API key is needed. Only ever true on a loopback host. */
  readonly devNoAuth: boolean;
  readonly signingKeyFile: string;
  readonly secretsKeyFile: string;
  readonly secretsOldKeyFiles: readonly string[];
  /** Public keys that signed manifests are checked with. */
  readonly manifestKeysFile: string | undefined;
  readonly teamRoles: readonly string[];
  /** Copies of one agent. */
  readonly maxReplicas: number;
  /** What a tenant can use unless an admin of the first tenant sets something else. */
  readonly quotas: QuotaLimits;
  /** Bytes. */
  readonly bodyLimit: number;
  /** Bytes of one upload, download, or archive unpacked. */
  readonly filesMaxBytes: number;
  readonly filesMaxEntries: number;
  readonly snapshotsDir: string;
  readonly snapshots: {
    readonly perAgent: number;
    /** Of one archive. */
    readonly maxBytes: number;
    readonly maxEntries: number;
  };
  readonly terminals: {
    readonly perAgent: number;
    readonly perTenant: number;
    readonly idleSeconds: number;
    readonly maxSeconds: number;
    /** Of pages, beside Muster's own. */
    readonly origins: readonly string[];
  };
  readonly mcp: {
    readonly perAgent: number;
    readonly perTenant: number;
    readonly idleSeconds: number;
    readonly maxSeconds: number;
    /** Of one message of a server. */
    readonly messageBytes: number;
  };
  readonly shutdownGraceSeconds: number;
  /** Of warm containers. A size of 0: none. */
  readonly pool: {
    readonly size: number;
    readonly max: number;
    readonly maxMemoryMiB: number;
    readonly maxIdleSeconds: number;
  };
  /** Folder with a page for each problem code. */
  readonly problemPagesDir: string = join(HOME, 'docs/problems');

  constructor(settings: Settings) {
    this.host = settings.HOST;
    this.port = settings.PORT;
    this.nodeEnv = settings.NODE_ENV;
    this.logLevel = settings.LOG_LEVEL;
    this.logFormat = settings.LOG_FORMAT;
    this.dataDir = resolve(settings.DATA_DIR);
    this.artifactsDir = resolve(settings.ARTIFACTS_DIR ?? join(this.dataDir, 'artifacts'));
    this.mongodbUri = settings.MONGODB_URI;
    this.embeddedDatabase = settings.EMBEDDED_DATABASE;
    this.mongodBinary = settings.MONGOMS_SYSTEM_BINARY;
    this.runtime = settings.RUNTIME;
    this.dockerHost = settings.DOCKER_HOST;
    this.agentImage = settings.AGENT_IMAGE;
    this.agentBundle = resolve(
      settings.AGENT_BUNDLE ?? join(HOME, 'packages/agent-server/dist/bundle/agent-server.mjs'),
    );
    this.hostMountRoots = settings.HOST_MOUNT_ROOTS;
    this.hostHooks = settings.HOST_HOOKS;
    this.portBindAddresses = settings.PORT_BIND_ADDRESSES;
    this.egress = {
      allow: settings.EGRESS_ALLOW,
      privateNetworks: settings.EGRESS_PRIVATE_NETWORKS,
      nameServers: settings.EGRESS_NAME_SERVERS,
    };
    this.bootstrapAdminKey = settings.BOOTSTRAP_ADMIN_KEY;
    this.devNoAuth = settings.MUSTER_DEV_NO_AUTH;
    this.signingKeyFile = resolve(settings.SIGNING_KEY_FILE ?? join(this.dataDir, 'keys/signing.pem'));
    this.secretsKeyFile = resolve(settings.SECRETS_KEY_FILE ?? join(this.dataDir, 'keys/secrets.key'));
    this.secretsOldKeyFiles = settings.SECRETS_OLD_KEY_FILES.map((path) => resolve(path));
    this.manifestKeysFile =
      settings.MANIFEST_KEYS_FILE === undefined ? undefined : resolve(settings.MANIFEST_KEYS_FILE);
    this.teamRoles = settings.TEAM_ROLES;
    this.maxReplicas = settings.MAX_REPLICAS;
    this.quotas = {
      instances: settings.QUOTA_INSTANCES,
      replicas: settings.QUOTA_REPLICAS,
      cpus: settings.QUOTA_CPUS,
      memoryMiB: settings.QUOTA_MEMORY_MIB,
      runs: settings.QUOTA_RUNS,
    };
    this.bodyLimit = settings.BODY_LIMIT;
    this.filesMaxBytes = settings.FILES_MAX_BYTES;
    this.filesMaxEntries = settings.FILES_MAX_ENTRIES;
    this.snapshotsDir = resolve(settings.SNAPSHOTS_DIR ?? join(this.dataDir, 'snapshots'));
    this.snapshots = {
      perAgent: settings.SNAPSHOTS_PER_AGENT,
      maxBytes: settings.SNAPSHOT_MAX_BYTES,
      maxEntries: settings.SNAPSHOT_MAX_ENTRIES,
    };
    this.terminals = {
      perAgent: settings.TERMINALS_PER_AGENT,
      perTenant: settings.TERMINALS_PER_TENANT,
      idleSeconds: settings.TERMINAL_IDLE_SECONDS,
      maxSeconds: settings.TERMINAL_MAX_SECONDS,
      origins: settings.TERMINAL_ORIGINS,
    };
    this.mcp = {
      perAgent: settings.MCP_SESSIONS_PER_AGENT,
      perTenant: settings.MCP_SESSIONS_PER_TENANT,
      idleSeconds: settings.MCP_IDLE_SECONDS,
      maxSeconds: settings.MCP_MAX_SECONDS,
      messageBytes: settings.MCP_MESSAGE_BYTES,
    };
    this.shutdownGraceSeconds = settings.SHUTDOWN_GRACE;
    this.pool = {
      size: settings.POOL_SIZE,
      max: settings.POOL_MAX,
      maxMemoryMiB: settings.POOL_MAX_MEMORY_MIB,
      maxIdleSeconds: settings.POOL_MAX_IDLE_SECONDS,
    };
  }

  /** @throws DomainError CONFIGURATION_INVALID with every fault at once */
  static from(environment: Environment): Configuration {
    return new Configuration(readSettings(environment));
  }
}
