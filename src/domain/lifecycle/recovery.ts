import type { ProblemCode } from '../errors/problem-catalogue.js';
import type { LifecycleError } from './lifecycle.js';

/** What to do about a failure: a hint a person can follow. */
const RECOVERY: Partial<Record<ProblemCode, string>> = {
  MANIFEST_NOT_FOUND: 'Correct the manifest in the template, and assign the new version to the role.',
  VARIABLE_MISSING:
    'Set the secret, or give the variable a value in the manifest, or make it one that is not required; then start the agent.',
  SECRET_UNREADABLE:
    'Have the operator bring back the key that it was sealed with (SECRETS_KEY_FILE, SECRETS_OLD_KEY_FILES), or set the secret again.',
  HOST_ACCESS_REFUSED:
    'Have the operator add the folder to HOST_MOUNT_ROOTS, the command to HOST_HOOKS or the address to PORT_BIND_ADDRESSES, or leave it out of the manifest.',
  EGRESS_REFUSED: 'Have the operator add the host to EGRESS_ALLOW, or leave it out of the manifest.',
  CONTAINER_CREATE_FAILED: 'Check the image and the disk space of the engine, then start the agent again.',
  CONTAINER_START_FAILED: "Read the agent's logs and correct the image's entrypoint, then start it again.",
  CONTAINER_STOP_FAILED: 'Check that the engine is well, then stop or destroy the agent again.',
  CONTAINER_REMOVE_FAILED:
    'Nothing: Muster tries until it is gone. If it lasts, check that the engine is well, and what it says of the container.',
  CONTAINER_EXITED: "Read the agent's logs for why it ended, and correct that in the template.",
  CONTAINER_OUT_OF_MEMORY: 'Give it more manifest.resources.memoryMiB in the template, or less to do at once.',
  COMPANION_EXITED: 'Nothing: both containers are started again. If it lasts, check the memory of the host.',
  PORT_TAKEN:
    'End what listens there, or name another hostPort in the template, or none: then a free one is taken. Muster tries again and again.',
  CONTAINER_NAME_CONFLICT: 'Remove or rename the container of that name on the engine, then start the agent again.',
  HEALTH_CHECK_TIMEOUT: "Read the agent's logs; give it a longer manifest.startTimeoutSeconds if it is only slow.",
  HEALTH_CHECK_FAILED:
    "Read the agent's logs for what it hangs in; if it is only slow, give manifest.health a longer timeout or more retries.",
  DEPENDENCY_INSTALL_FAILED: 'Check the dependency list and the network of the install step, then start it again.',
  IMAGE_NOT_FOUND: 'Build or pull the image on the engine (npm run image makes muster/agent), then start it again.',
  WORKSPACE_UNAVAILABLE:
    "Make room on Muster's disk and check who owns ARTIFACTS_DIR and DATA_DIR. Muster tries again until it works.",
  SNAPSHOT_DAMAGED: 'Restore another snapshot, or put the archive back where it was and start the agent.',
  ARCHIVE_INVALID: 'Restore another snapshot: the archive of this one cannot be unpacked by this runtime.',
  AGENT_SOCKET_UNSAFE:
    'The agent replaced its own socket: look at what it ran. Starting it again makes a new container.',
  AGENT_UNREACHABLE: "Read the agent's logs, then restart it.",
  RUNTIME_UNAVAILABLE: 'Nothing: Muster tries again until the engine answers. Start the engine, or check DOCKER_HOST.',
  RUNTIME_TIMEOUT: 'Nothing: Muster looks at what became of it and goes on. Check the load of the engine if it lasts.',
  RUNTIME_REFUSED: "See the engine's reason in Muster's log, and check that the engine is well; then try again.",
  ENGINE_DISK_FULL:
    "Make room on the engine's disk (`docker system df` shows what takes it). Muster tries again until there is some.",
  RUNTIME_UNSUPPORTED: 'Choose what this runtime offers in the manifest, or an engine that offers it.',
};

const OTHERWISE = "Read the agent's logs and Muster's own, then try again.";

/** The recovery hint for a code. */
export const recoveryFor = (code: ProblemCode): string => RECOVERY[code] ?? OTHERWISE;

/** A failure as the instance shows it. */
export const lifecycleError = (code: ProblemCode, message: string): LifecycleError => ({
  code,
  message,
  recovery: recoveryFor(code),
});
