import { IMAGE_REFERENCE, IMAGE_REFERENCE_RULE } from '../runtime/image-reference.js';
import type { JsonObject } from '../json.js';
import { SECRET_NAME, SECRET_NAME_LENGTH, SECRET_NAME_RULE } from '../secrets/secret-name.js';
import {
  GRACE_PERIOD_SECONDS,
  HEALTH_BOUNDS,
  HOOK_TIMEOUT_SECONDS,
  IDLE_TIMEOUT_SECONDS,
  MANIFEST_MOST,
  PRE_STOP_TIMEOUT_SECONDS,
  RESOURCE_BOUNDS,
  START_TIMEOUT_SECONDS,
  TTL_SECONDS,
  WRITABLE_PATH_MIB,
  type Bounds,
} from './manifest-bounds.js';
import {
  AGENT_TYPES,
  ISOLATIONS,
  PROFILES,
  RUN_MODES,
  STOP_SIGNALS,
  type HealthProbe,
  type Manifest,
  type ManifestHooks,
  type ManifestMcp,
  type ManifestMount,
  type ManifestPort,
  type ManifestResources,
  type ManifestVariable,
  type PreStop,
  type WritablePath,
} from './manifest.js';

/** What a pattern means, for the words of a fault. */
export const RULE_KEYWORD = 'x-rule';

/** Every property of T has its schema, and nothing else has: the compiler sees to it. */
type Properties<T> = { readonly [Name in keyof Required<T>]: JsonObject };

const amount = (kind: 'integer' | 'number', bounds: Pick<Bounds, 'min' | 'max'> & Partial<Bounds>): JsonObject => ({
  type: kind,
  minimum: bounds.min,
  maximum: bounds.max,
  ...(bounds.fallback === undefined ? {} : { default: bounds.fallback }),
});

const matching = (pattern: string, rule: string, maxLength: number): JsonObject => ({
  type: 'string',
  pattern,
  [RULE_KEYWORD]: rule,
  maxLength,
});

const object = <T>(properties: Properties<T>, required: readonly (keyof T & string)[] = []): JsonObject => ({
  type: 'object',
  additionalProperties: false,
  ...(required.length === 0 ? {} : { required }),
  properties,
});

/** Neither `.` nor `..`, no colon or comma (which part the words of a mount), no control characters. */
const PATH = matching(
  '^(?:/(?!\\.{1,2}(?:/|$))[^/:,\\u0000-\\u001f\\u007f]+)+$',
  'must be an absolute path without . and .., without colons and commas, and without a slash at its end',
  MANIFEST_MOST.pathLength,
);
const NAME = '^[A-Za-z_][A-Za-z0-9_]*$';
const PORT = amount('integer', { min: 1, max: 65_535 });

const text = (maxLength: number): JsonObject =>
  matching('^[^\\u0000]*$', 'must not have a character of code 0 in it', maxLength);

const shell = (description: string): JsonObject => ({
  ...text(MANIFEST_MOST.hookLength),
  minLength: 1,
  description,
});

const words = (description: string, minItems = 1): JsonObject => ({
  type: 'array',
  minItems,
  maxItems: MANIFEST_MOST.words,
  items: text(MANIFEST_MOST.wordLength),
  description,
});

const list = (maxItems: number, items: JsonObject, description: string): JsonObject => ({
  type: 'array',
  maxItems,
  items,
  description,
});

const VARIABLE = object<ManifestVariable>(
  {
    name: matching(NAME, 'must be letters, digits and underscores, and not begin with a digit', 128),
    value: text(MANIFEST_MOST.valueLength),
    required: {
      type: 'boolean',
      description: 'Without a value, and without a secret of the same name, the agent is not started',
    },
    secret: {
      ...matching(SECRET_NAME, SECRET_NAME_RULE, SECRET_NAME_LENGTH),
      description:
        'Whose value the program finds in the file /run/secrets/<name>, which the variable <name>_FILE names',
    },
  },
  ['name'],
);

const PORT_MAPPING = object<ManifestPort>(
  {
    containerPort: PORT,
    hostPort: { ...PORT, description: 'A free one when left out' },
    hostIp: { ...matching('^[0-9a-fA-F.:]{2,45}$', 'must be an IP address', 45), default: '127.0.0.1' },
    protocol: { type: 'string', enum: ['tcp', 'udp'], default: 'tcp' },
  },
  ['containerPort'],
);

const RESOURCES = object<ManifestResources>({
  cpus: { ...amount('number', RESOURCE_BOUNDS.cpus), description: 'CPUs, fractions allowed' },
  memoryMiB: amount('integer', RESOURCE_BOUNDS.memoryMiB),
  pids: { ...amount('integer', RESOURCE_BOUNDS.pids), description: 'Most processes and threads' },
  tmpfsMiB: { ...amount('integer', RESOURCE_BOUNDS.tmpfsMiB), description: 'Size of /tmp' },
});

/** One of several shapes, told apart by one property: what is wrong is told of that shape alone. */
const oneOf = (propertyName: string, shapes: Readonly<Record<string, JsonObject>>): JsonObject => ({
  type: 'object',
  required: [propertyName],
  discriminator: { propertyName },
  oneOf: Object.entries(shapes).map(([value, properties]) => ({
    type: 'object',
    additionalProperties: false,
    required: [propertyName, ...Object.keys(properties).filter((name) => MUST.has(`${value}.${name}`))],
    properties: { [propertyName]: { type: 'string', enum: [value] }, ...properties },
  })),
});
const MUST: ReadonlySet<string> = new Set(['egress.allow', 'http.port', 'tcp.port', 'command.command']);

const ALLOW = list(
  MANIFEST_MOST.allowed,
  matching(
    '^(?:\\*\\.)?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?:[0-9]{1,5}$',
    'must be a host and a port, as in registry.example.org:443',
    260,
  ),
  'Hosts and ports outside that can be reached; *.example.org is all that is below example.org',
);

const NETWORK = oneOf('mode', {
  none: {},
  project: {
    expose: list(MANIFEST_MOST.exposed, PORT, 'Ports at which other agents of the project reach this one'),
    allow: ALLOW,
  },
  egress: { allow: ALLOW },
});

const TIMING = {
  intervalSeconds: amount('integer', HEALTH_BOUNDS.intervalSeconds),
  timeoutSeconds: amount('integer', HEALTH_BOUNDS.timeoutSeconds),
  retries: amount('integer', HEALTH_BOUNDS.retries),
  startPeriodSeconds: amount('integer', HEALTH_BOUNDS.startPeriodSeconds),
};
const HEALTH = oneOf('kind', {
  agent: TIMING,
  http: {
    port: PORT,
    path: { ...matching('^/[!-~]*$', 'must be a path that begins with a slash', 1024), default: '/' },
    ...TIMING,
  },
  tcp: { port: PORT, ...TIMING },
  command: { command: words('Healthy when it ends with exit code 0'), ...TIMING },
} satisfies Record<HealthProbe['kind'], JsonObject>);

const MOUNT = object<ManifestMount>(
  {
    source: { ...PATH, description: "A folder of the operator's host, below one of HOST_MOUNT_ROOTS" },
    target: PATH,
    readOnly: { type: 'boolean', description: 'true when left out, but for /code in profile dev' },
  },
  ['source', 'target'],
);

const WRITABLE_PATH = object<WritablePath>({ path: PATH, sizeMiB: amount('integer', WRITABLE_PATH_MIB) }, ['path']);

const HOOKS = object<ManifestHooks>({
  preinstall: shell('Run by sh in the container, first'),
  install: shell('Run by sh in the container, after preinstall'),
  postinstall: shell('Run by sh in the container, after install'),
  hosthook_aftercreation: shell("Run on Muster's host once the container is made; the operator allow-lists it"),
  hosthook_postinstall: shell("Run on Muster's host after postinstall; the operator allow-lists it"),
  timeoutSeconds: { ...amount('integer', HOOK_TIMEOUT_SECONDS), description: 'For each of them' },
});

const PRE_STOP = object<PreStop>(
  {
    command: words('Run in the container before the stop signal'),
    timeoutSeconds: amount('integer', PRE_STOP_TIMEOUT_SECONDS),
  },
  ['command'],
);

const MCP = object<ManifestMcp>({
  command: words('Started anew in the container for each session, to speak MCP over its standard input and output'),
});

const FIELDS: Properties<Manifest> = {
  type: { type: 'string', enum: AGENT_TYPES, default: 'agent', description: 'What the agent is for' },
  image: {
    ...matching(IMAGE_REFERENCE, IMAGE_REFERENCE_RULE, 255),
    description: "Image reference; the installation's agent image when left out",
  },
  command: words("In place of the image's entrypoint"),
  args: words("In place of the image's own arguments", 0),
  repoName: {
    ...text(MANIFEST_MOST.repoNameLength),
    minLength: 1,
    description: 'The repository that it comes from, told to its program as PLOINKY_REPO_NAME',
  },
  env: list(MANIFEST_MOST.variables, VARIABLE, 'Environment variables'),
  ports: list(MANIFEST_MOST.ports, PORT_MAPPING, 'Ports published on the host'),
  resources: RESOURCES,
  isolation: { type: 'string', enum: ISOLATIONS, default: 'runc', description: 'The OCI runtime' },
  network: NETWORK,
  runMode: { type: 'string', enum: RUN_MODES, description: 'Where /workspace and /code come from' },
  hostPath: { ...PATH, description: 'For runMode global and devel; below one of HOST_MOUNT_ROOTS' },
  profile: {
    type: 'string',
    enum: PROFILES,
    default: 'prod',
    description: 'dev can write its code, qa and prod cannot',
  },
  mounts: list(MANIFEST_MOST.mounts, MOUNT, "Folders of the operator's host"),
  writablePaths: list(MANIFEST_MOST.writablePaths, WRITABLE_PATH, 'Folders in memory, empty at each start'),
  hooks: HOOKS,
  health: HEALTH,
  idleTimeoutSeconds: amount('integer', IDLE_TIMEOUT_SECONDS),
  ttlSeconds: amount('integer', TTL_SECONDS),
  stopSignal: { type: 'string', enum: STOP_SIGNALS, default: 'SIGTERM' },
  gracePeriodSeconds: amount('integer', GRACE_PERIOD_SECONDS),
  startTimeoutSeconds: amount('integer', START_TIMEOUT_SECONDS),
  preStop: PRE_STOP,
  mcp: MCP,
};

/**
 * What a manifest may say (JSON Schema 2020-12). Only keywords that OpenAPI 3.0 knows too are used below the top, so that
 * the API's description shows the same.
 */
export const MANIFEST_SCHEMA: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Manifest',
  description: "How an agent's container is to be. What is left out takes its default.",
  ...object<Manifest>(FIELDS),
};
