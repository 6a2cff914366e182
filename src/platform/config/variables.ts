import { isIP } from 'node:net';
import { readBound } from '../../domain/network/destination.js';
import { readNetwork } from '../network/read-network.js';
import {
  flag,
  integer,
  list,
  oneOf,
  optionalText,
  optionalTexts,
  text,
  type ValueOf,
  type Variable,
} from './variable.js';

const TEAM = ['project_manager', 'architect', 'developer', 'reviewer', 'tester'] as const;

/** Every variable that Muster reads, in the order of .env.example. An empty text counts as unset. */
export const VARIABLES = {
  HOST: text('127.0.0.1', {
    meaning: 'Address to listen on. 0.0.0.0 for all; put TLS in front of it then.',
  }),
  PORT: integer(5176, 0, 65535, { meaning: 'Port to listen on; 0 takes a free one.' }),
  NODE_ENV: oneOf(['development', 'test', 'production'], 'development', {
    meaning: 'production refuses what is only safe on a machine of your own, such as the process runtime.',
  }),
  LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'info', {
    meaning: 'What is logged. Successful reads are logged at debug.',
  }),
  LOG_FORMAT: oneOf(['auto', 'json', 'pretty'], 'auto', {
    meaning: 'auto is pretty on a terminal and JSON, one line each, elsewhere.',
  }),
  DATA_DIR: text('./data', {
    meaning: 'Folder for everything Muster keeps: embedded database, keys, artifacts.',
  }),
  ARTIFACTS_DIR: optionalText({
    meaning: "Where /artifacts, the agents' workspaces, lies on this host. Unset: DATA_DIR/artifacts.",
  }),
  MONGODB_URI: optionalText({
    meaning:
      'A MongoDB to use, with the database name in its path. Unset: an embedded one in DATA_DIR/db (a mongod of this machine, a downloaded one, or documentdb-server).',
    secret: true,
    rule: (uri) => (/^mongodb(\+srv)?:\/\/\S+$/.test(uri) ? null : 'must begin with mongodb:// or mongodb+srv://'),
  }),
  EMBEDDED_DATABASE: oneOf(['auto', 'mongod', 'download', 'documentdb'], 'auto', {
    meaning:
      'Which embedded database, when MONGODB_URI is unset. auto tries mongod, download, documentdb in this order. A database folder keeps to the kind it was made by.',
  }),
  MONGOMS_SYSTEM_BINARY: optionalText({
    meaning: 'Path of a mongod for the embedded database. Unset: the one on PATH.',
  }),
  RUNTIME: oneOf(['auto', 'docker', 'process'], 'auto', {
    meaning: 'Where agents run. auto takes Docker when an engine answers, else child processes, which are no boundary.',
  }),
  DOCKER_HOST: optionalText({
    meaning: 'The container engine. Unset: unix:///var/run/docker.sock.',
    rule: (host) =>
      /^(unix|tcp|http|https|npipe):\/\/\S+$/.test(host)
        ? null
        : 'must begin with unix://, tcp://, http:// or https://',
  }),
  AGENT_IMAGE: text('muster/agent', { meaning: 'Image of the agents; it has agent-server in it.' }),
  AGENT_BUNDLE: optionalText({
    meaning:
      "File with agent-server, for the process runtime. Unset: packages/agent-server/dist/bundle/agent-server.mjs of Muster's own folder.",
  }),
  HOST_MOUNT_ROOTS: optionalTexts({
    meaning:
      'Folders of this host below which manifests may name folders to mount: a JSON list of absolute paths. Unset: none. Whoever may write templates can read what lies there.',
    rule: (path) => (/^\/[^/]/.test(path) && !/(^|\/)\.\.?(\/|$)/.test(path) ? null : 'is not an absolute path'),
  }),
  HOST_HOOKS: optionalTexts({
    meaning:
      'Commands that hosthook_* of a manifest may run on this host, as Muster: a JSON list, compared to the letter. Unset: none.',
    rule: (command) => (command.trim() === '' ? 'is empty' : null),
  }),
  PORT_BIND_ADDRESSES: optionalTexts({
    meaning:
      'Addresses of this host, beside its loopback, on which ports of agents may be reached: a JSON list of IP addresses. Unset: none. Whoever may write templates can open ports there.',
    rule: (address) => (isIP(address) === 0 ? 'is not an IP address' : null),
  }),
  EGRESS_ALLOW: optionalTexts({
    meaning:
      'Hosts outside that manifests may let agents reach: a JSON list such as ["registry.example.org:443", "*.example.com:443", "*:443"], or ["*"] for every host of the Internet. Unset: none.',
    rule: (bound) => {
      const read = readBound(bound);
      return 'fault' in read ? read.fault : null;
    },
  }),
  EGRESS_PRIVATE_NETWORKS: optionalTexts({
    meaning:
      'Networks that agents may reach although they are private, reserved, or this host\'s own: a JSON list of CIDRs such as ["10.1.2.0/24"]. Unset: none. Whoever may write templates can reach what is there, as far as EGRESS_ALLOW names it.',
    rule: (cidr) => (readNetwork(cidr) === null ? 'is not a network, such as 10.1.2.0/24' : null),
  }),
  EGRESS_NAME_SERVERS: optionalTexts({
    meaning:
      'Name servers that are asked for the addresses of what agents reach: a JSON list of addresses, with a port where it is not 53. Unset: those of this host, and its hosts file before.',
    rule: (server) =>
      /^(?:\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?|\[[0-9a-f:]+\](?::\d{1,5})?)$/i.test(server)
        ? null
        : 'is not an address, such as 192.0.2.1 or [2001:db8::1]:5353',
  }),
  BOOTSTRAP_ADMIN_KEY: optionalText({
    meaning:
      'Becomes the first admin key of tenant default, in an empty database: 24 to 200 visible characters. Unset: one is made, printed once, and written to DATA_DIR/admin.key.',
    secret: true,
    rule: (key) => (/^[\x21-\x7e]{24,200}$/.test(key) ? null : 'must be 24 to 200 visible ASCII characters'),
  }),
  MUSTER_DEV_NO_AUTH: flag({
    meaning: '1: no API key is needed; who sends none acts as admin of tenant default. Only on a loopback HOST.',
  }),
  SIGNING_KEY_FILE: optionalText({
    meaning:
      'Ed25519 private key (PEM, mode 0600) that signs the event log; made when missing. Unset: DATA_DIR/keys/signing.pem.',
  }),
  SECRETS_KEY_FILE: optionalText({
    meaning:
      'Key that secrets are kept under (64 hex digits, mode 0600); made when missing. Every Muster on the database needs the same one, and a backup of it. Unset: DATA_DIR/keys/secrets.key.',
  }),
  SECRETS_OLD_KEY_FILES: optionalTexts({
    meaning:
      'Files with keys that secrets were kept under before: a JSON list of paths. At a start everything under them is put under SECRETS_KEY_FILE. Unset: none.',
    rule: (path) => (path.trim() === '' ? 'is empty' : null),
  }),
  MANIFEST_KEYS_FILE: optionalText({
    meaning:
      'Ed25519 public keys whose signed manifests may spawn agents of profile illuvrse: a JSON Web Key Set, read anew when it changes, that nobody but its owner may write. Unset: none.',
  }),
  TEAM_ROLES: list(TEAM, /^[a-z0-9]+([_-][a-z0-9]+)*$/, 'a role: lower-case letters, digits, _ and -', {
    meaning: 'Roles of the minimum team, which a project reports as complete or missing.',
  }),
  MAX_REPLICAS: integer(10, 1, 100, { meaning: 'Most copies that one agent can be scaled to.' }),
  QUOTA_INSTANCES: integer(10_000, 0, 100_000, {
    meaning:
      'Most agents that a tenant can have, running or not, unless an admin of tenant default sets another limit.',
  }),
  QUOTA_REPLICAS: integer(1_000, 0, 100_000, { meaning: 'Most running copies of agents that a tenant can have.' }),
  QUOTA_CPUS: integer(1_000, 0, 1_000_000, { meaning: "Most CPUs that a tenant's running agents can be promised." }),
  QUOTA_MEMORY_MIB: integer(1_048_576, 0, 1_000_000_000, {
    meaning: "Most memory in MiB that a tenant's running agents can be promised.",
  }),
  QUOTA_RUNS: integer(1_000, 0, 100_000, { meaning: 'Most runs that a tenant can have open at once.' }),
  BODY_LIMIT: integer(1_310_720, 1024, 67_108_864, {
    meaning: 'Longest request body in bytes: 1 MiB of template and some room for what stands around it.',
  }),
  FILES_MAX_BYTES: integer(1_073_741_824, 1024, 1_099_511_627_776, {
    meaning: "Most bytes of one upload to or download from an agent's workspace, and of an archive unpacked.",
  }),
  FILES_MAX_ENTRIES: integer(100_000, 1, 10_000_000, {
    meaning: 'Most files and folders in one archive.',
  }),
  SNAPSHOTS_DIR: optionalText({
    meaning:
      "Folder for the archives of agents' snapshots; every Muster on the database has to see the same one. Unset: DATA_DIR/snapshots.",
  }),
  SNAPSHOTS_PER_AGENT: integer(20, 0, 10_000, {
    meaning: 'Most snapshots that an agent can have. 0: none can be taken.',
  }),
  SNAPSHOT_MAX_BYTES: integer(10_737_418_240, 1024, 1_099_511_627_776, {
    meaning: "Most bytes of a snapshot's archive.",
  }),
  SNAPSHOT_MAX_ENTRIES: integer(1_000_000, 1, 100_000_000, {
    meaning: "Most files and folders in a snapshot's archive.",
  }),
  TERMINALS_PER_AGENT: integer(5, 0, 1000, { meaning: 'Most terminals that one agent can have at once.' }),
  TERMINALS_PER_TENANT: integer(50, 0, 100_000, { meaning: 'Most terminals that a tenant can have at once.' }),
  TERMINAL_IDLE_SECONDS: integer(1800, 1, 604_800, {
    meaning: 'A terminal over which nothing went, in or out, for so long is closed.',
  }),
  TERMINAL_MAX_SECONDS: integer(28_800, 1, 2_592_000, { meaning: 'A terminal that is older is closed.' }),
  TERMINAL_ORIGINS: optionalTexts({
    meaning:
      'Origins of pages that may open terminals from a browser, beside Muster\'s own: a JSON list, such as ["https://console.example.com"]. Unset: none.',
    rule: (origin) =>
      /^https?:\/\/[^/\s]+$/.test(origin) ? null : 'is not an origin, such as https://console.example.com',
  }),
  MCP_SESSIONS_PER_AGENT: integer(10, 0, 1000, { meaning: 'Most MCP sessions that one agent can have at once.' }),
  MCP_SESSIONS_PER_TENANT: integer(100, 0, 100_000, { meaning: 'Most MCP sessions that a tenant can have at once.' }),
  MCP_IDLE_SECONDS: integer(1800, 1, 604_800, {
    meaning: 'An MCP session in which nobody waits for an answer, and nothing was said for so long, is ended.',
  }),
  MCP_MAX_SECONDS: integer(86_400, 1, 2_592_000, { meaning: 'An MCP session that is older is ended.' }),
  MCP_MESSAGE_BYTES: integer(4_194_304, 1024, 67_108_864, {
    meaning: "Longest message of an agent's MCP server, in bytes. Those of clients are bound by BODY_LIMIT.",
  }),
  POOL_SIZE: integer(0, 0, 1000, {
    meaning:
      'Warm containers kept ready of each specification in use, so that a first start takes milliseconds; each recent use asks for one more. 0: none. Needs Docker.',
  }),
  POOL_MAX: integer(20, 0, 10_000, {
    meaning: 'Warm containers of all specifications together; the most recently used specification is served first.',
  }),
  POOL_MAX_MEMORY_MIB: integer(8192, 0, 16_777_216, {
    meaning: 'Memory in MiB that all warm containers together may use, counted by their limits.',
  }),
  POOL_MAX_IDLE_SECONDS: integer(600, 1, 604_800, {
    meaning: 'A specification that nobody asked for so long keeps no warm containers.',
  }),
  SHUTDOWN_GRACE: integer(30, 0, 3600, {
    meaning: 'Seconds that a stop waits for requests in flight before it cuts them off.',
  }),
} as const satisfies Record<string, Variable<unknown>>;

export type VariableName = keyof typeof VARIABLES;

/** What the environment says, parsed. */
export type Settings = { readonly [N in VariableName]: ValueOf<(typeof VARIABLES)[N]> };
