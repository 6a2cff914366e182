import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * @typedef {object} DockerdProcess The Docker daemon that listens at an address.
 * @property {number} pid
 * @property {string} configFile which it reads when it starts and at each SIGHUP; it need not exist
 */

const DEFAULT_HOST = 'unix:///var/run/docker.sock';
const DEFAULT_CONFIG = '/etc/docker/daemon.json';

/**
 * Looks for the daemon behind an address among the processes of this machine: by its program, and by what it was told
 * on its command line. A daemon of another machine, or outside of the container this runs in, is not among them.
 *
 * @param {string} host as in DOCKER_HOST
 * @returns {DockerdProcess | undefined}
 */
export function dockerdOf(host) {
  for (const pid of pids()) {
    const args = commandLineOf(pid);
    if (args && hostsOf(args).some((own) => isSameSocket(own, host))) {
      return { pid, configFile: valuesOf(args, '--config-file')[0] ?? DEFAULT_CONFIG };
    }
  }
  return undefined;
}

function pids() {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** @param {number} pid @returns {string[] | undefined} undefined when it is another program, or gone */
function commandLineOf(pid) {
  try {
    if (basename(readlinkSync(`/proc/${pid}/exe`)) !== 'dockerd') return undefined;
    const [name = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    // A daemon runs itself under other names, without arguments and for a moment, to unpack layers for example.
    return basename(name) === 'dockerd' ? args : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string[]} args */
function hostsOf(args) {
  const hosts = [...valuesOf(args, '--host'), ...valuesOf(args, '-H')];
  // fd:// is the socket that systemd listens on for it.
  return hosts.length === 0 || hosts.includes('fd://') ? [...hosts, DEFAULT_HOST] : hosts;
}

/** @param {string[]} args @param {string} flag */
function valuesOf(args, flag) {
  return args.flatMap((arg, n) => {
    if (arg.startsWith(`${flag}=`)) return [arg.slice(flag.length + 1)];
    return arg === flag && args[n + 1] !== undefined ? [args[n + 1]] : [];
  });
}

/** /var/run is /run on most machines. @param {string} one @param {string} other */
function isSameSocket(one, other) {
  if (one === other) return true;
  try {
    const [a, b] = [one, other].map((host) => statSync(host.replace(/^unix:\/\//, '')));
    return a.dev === b.dev && a.ino === b.ino;
  } catch {
    return false;
  }
}
