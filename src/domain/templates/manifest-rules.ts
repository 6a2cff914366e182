import type { Fault } from '../errors/domain-error.js';
import { MANIFEST_MOST } from './manifest-bounds.js';
import { readPattern } from '../network/destination.js';
import { allowedOutside, exposedPorts } from '../network/peer-name.js';
import type { Manifest, ManifestVariable } from './manifest.js';
import { isBelow, isSystemPath } from './container-paths.js';
import { fileVariable, secretsOf } from './secret-files.js';
import { AGENT_FOLDER } from '../runtime/runtime-spec.js';

type Tell = (pointer: string, detail: string) => void;

/** What a manifest that fits the schema still may not say: what its parts must not say together, or over Muster's own. */
export function manifestRuleFaults(manifest: Manifest): readonly Fault[] {
  const faults: Fault[] = [];
  const tell: Tell = (pointer, detail) => {
    faults.push({ pointer, detail });
  };
  for (const rule of RULES) rule(manifest, tell);
  return faults;
}

/** Muster's own, and those that make a program load what somebody else wrote. */
const RESERVED =
  /^(?:MUSTER_.*|PLOINKY_.*|WORKSPACE_PATH|LD_.*|DYLD_.*|NODE_(?!ENV$|EXTRA_CA_CERTS$).*|BASH_ENV|ENV|BASH_FUNC_.*|PYTHONSTARTUP|PYTHONHOME|PERL5OPT|PERL5LIB|RUBYOPT|RUBYLIB|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|GCONV_PATH|GLIBC_TUNABLES|IFS)$/i;

export const isReservedVariable = (name: string): boolean => RESERVED.test(name);

function environment({ env = [] }: Manifest, tell: Tell): void {
  env.forEach((variable, index) => {
    const isRepeated = env.findIndex(({ name }) => name === variable.name) < index;
    const detail = variableFault(variable, isRepeated) ?? secretFault(variable, env);
    if (detail !== null) tell(`/env/${index}${detail.of}`, detail.detail);
  });
  const secrets = secretsOf({ env }).length;
  if (secrets > MANIFEST_MOST.secrets) {
    tell('/env', `must name at most ${MANIFEST_MOST.secrets} secrets; it names ${secrets}`);
  }
  const encoder = new TextEncoder();
  const bytes = env.reduce((sum, { name, value = '' }) => sum + encoder.encode(`${name}=${value}`).length + 1, 0);
  if (bytes > MANIFEST_MOST.environmentBytes) {
    tell(
      '/env',
      `must be at most ${MANIFEST_MOST.environmentBytes} bytes long, names and values together; it is ${bytes}`,
    );
  }
}

function variableFault({ name, value, secret }: ManifestVariable, isRepeated: boolean) {
  if (isReservedVariable(name)) {
    return { of: '/name', detail: `${name} is reserved: Muster sets it, or a program would load code because of it` };
  }
  if (isRepeated) return { of: '/name', detail: `${name} is given twice` };
  if (value !== undefined && secret !== undefined) {
    return { of: '/secret', detail: 'must be left out where there is a value' };
  }
  return null;
}

/** The program finds the value in a file, and the file's name in a variable of its own. */
function secretFault(variable: ManifestVariable, env: readonly ManifestVariable[]) {
  const { name } = variable;
  if (secretsOf({ env: [variable] }).length === 0) return null;
  const file = fileVariable(name);
  if (isReservedVariable(file)) return { of: '/name', detail: `${file}, where its file would be told, is reserved` };
  if (env.some((other) => other.name === file)) {
    return { of: '/name', detail: `${file} is where the file with this secret is told, and is given too` };
  }
  return null;
}

function hostPath({ runMode, hostPath: path }: Manifest, tell: Tell): void {
  const wants = runMode === 'global' || runMode === 'devel';
  if (wants && path === undefined) tell('/hostPath', `is missing: runMode ${runMode} mounts it`);
  if (!wants && path !== undefined) tell('/hostPath', 'is only for runMode global and devel');
}

/** What the run modes mount, and what is Muster's. */
const CODE = '/code';
const ALWAYS_READ_ONLY: readonly string[] = [AGENT_FOLDER, '/code/node_modules'];
const alwaysReadOnly = (path: string): string | undefined => ALWAYS_READ_ONLY.find((above) => isBelow(path, above));
const BY_PROFILE: readonly string[] = [CODE, '/code/.AchillesSkills'];

function mounts({ mounts: given = [], profile = 'prod', runMode }: Manifest, tell: Tell): void {
  given.forEach(({ target, readOnly }, index) => {
    const at = `/mounts/${index}/target`;
    if (isSystemPath(target)) tell(at, `${target} belongs to the system, or to Muster`);
    else if (given.findIndex((other) => other.target === target) < index) tell(at, `${target} is given twice`);
    else if (runMode !== undefined && target === CODE) tell(at, `${CODE} is mounted by runMode ${runMode} already`);
    if (readOnly !== false) return;
    const closed = alwaysReadOnly(target);
    if (closed !== undefined) tell(`/mounts/${index}/readOnly`, `${closed} is always read-only`);
    else if (BY_PROFILE.includes(target) && profile !== 'dev') {
      tell(`/mounts/${index}/readOnly`, `${target} is read-only in profile ${profile}`);
    }
  });
}

function writablePaths({ writablePaths: given = [], mounts: mounted = [] }: Manifest, tell: Tell): void {
  given.forEach(({ path }, index) => {
    const at = `/writablePaths/${index}/path`;
    const other = given.find((candidate, place) => place !== index && isBelow(path, candidate.path) && place < index);
    const covered = mounted.find(({ target }) => isBelow(target, path) || isBelow(path, target));
    if (isSystemPath(path) || isBelow(path, '/workspace') || isBelow(path, '/tmp')) {
      tell(at, `${path} belongs to the system or to Muster, or can be written already`);
    } else if (isBelow(path, AGENT_FOLDER)) tell(at, `${AGENT_FOLDER} is always read-only`);
    else if (isBelow(path, CODE)) tell(at, `${path} is code: profile dev makes it writable`);
    else if (other !== undefined) tell(at, `${path} is given already, by ${other.path}`);
    else if (covered !== undefined) tell(at, `${path} and the mount ${covered.target} are one inside the other`);
  });
}

function ports({ ports: given = [] }: Manifest, tell: Tell): void {
  given.forEach(({ containerPort, protocol = 'tcp', hostPort, hostIp = '127.0.0.1' }, index) => {
    const isSame = (other: (typeof given)[number]): boolean =>
      other.containerPort === containerPort && (other.protocol ?? 'tcp') === protocol;
    const isOnSame = (other: (typeof given)[number]): boolean =>
      hostPort !== undefined &&
      other.hostPort === hostPort &&
      (other.protocol ?? 'tcp') === protocol &&
      (other.hostIp ?? '127.0.0.1') === hostIp;
    if (given.findIndex(isSame) < index)
      tell(`/ports/${index}/containerPort`, `${containerPort}/${protocol} is given twice`);
    else if (given.findIndex((other) => isOnSame(other)) < index && hostPort !== undefined) {
      tell(`/ports/${index}/hostPort`, `${hostPort} is given twice`);
    }
  });
}

function network(manifest: Manifest, tell: Tell): void {
  const allowed = allowedOutside(manifest);
  allowed.forEach((text, index) => {
    const pattern = readPattern(text);
    if ('fault' in pattern) tell(`/network/allow/${index}`, `${text} ${pattern.fault}`);
    else if (allowed.findIndex((other) => other.toLowerCase() === text.toLowerCase()) < index) {
      tell(`/network/allow/${index}`, `${text} is given twice`);
    }
  });
  const exposed = exposedPorts(manifest);
  exposed.forEach((port, index) => {
    if (exposed.indexOf(port) < index) tell(`/network/expose/${index}`, `${port} is given twice`);
  });
}

const RULES: readonly ((manifest: Manifest, tell: Tell) => void)[] = [
  environment,
  hostPath,
  mounts,
  writablePaths,
  ports,
  network,
];
