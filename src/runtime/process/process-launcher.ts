import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import type { RuntimeSpec } from '../../domain/runtime/runtime-spec.js';
import { placeAgentBundle, readAgentBundle } from './agent-bundle.js';
import { processArguments, processEnvironment, WORKSPACE_HANDLE } from './process-command.js';
import type { StartedProcess } from './process-record.js';
import { seeProcess } from './process-identity.js';
import { canRead } from './reachability.js';

/** After the three of every process, and the workspace. */
const NODE_HANDLE = WORKSPACE_HANDLE + 1;

/** A child that waits to be let go. When Muster dies before that, the child ends too. */
export interface HeldProcess {
  readonly child: ChildProcess;
  readonly process: StartedProcess;
  release(): void;
}

export interface LaunchOptions {
  readonly stateDir: string;
  readonly agentBundle: string;
  readonly uid: number;
  readonly maxLogBytes: number;
}

/** Starts agent-server for a container, held back until it is released. @throws RuntimeError start-failed, image-missing */
export async function launchProcess(spec: RuntimeSpec, logFile: string, options: LaunchOptions): Promise<HeldProcess> {
  const { stateDir, agentBundle, uid, maxLogBytes } = options;
  const bundles = join(stateDir, 'programs');
  await mkdir(bundles, { recursive: true, mode: 0o755 });
  const bundle = await placeAgentBundle(await readAgentBundle(agentBundle), bundles, uid);
  const handles: FileHandle[] = [];
  try {
    const log = await open(logFile, 'a', 0o600);
    handles.push(log);
    const workspace = await open(
      spec.workspaceFolder,
      constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW,
    );
    handles.push(workspace);
    // A node below a folder closed to the agents' user (nvm in root's home) is handed over opened.
    const node = (await canRead(uid, process.execPath)) ? null : await open(process.execPath, 'r');
    if (node !== null) handles.push(node);
    const child = spawn(
      node === null ? process.execPath : `/proc/self/fd/${NODE_HANDLE}`,
      processArguments(spec, bundle, maxLogBytes),
      {
        argv0: 'muster-agent',
        cwd: spec.privateFolder,
        env: processEnvironment(spec),
        detached: true,
        // The workspace is WORKSPACE_HANDLE, Node itself NODE_HANDLE.
        stdio: ['pipe', log.fd, log.fd, workspace.fd, ...(node === null ? [] : [node.fd])],
        ...(process.getuid?.() === uid ? {} : { uid, gid: uid }),
      },
    );
    return await hold(child, spec);
  } catch (cause) {
    if (cause instanceof RuntimeError) throw cause;
    throw new RuntimeError('start-failed', `The agent process of ${spec.name} cannot be started.`, { cause });
  } finally {
    await Promise.all(handles.map((handle) => handle.close()));
  }
}

async function hold(child: ChildProcess, spec: RuntimeSpec): Promise<HeldProcess> {
  child.stdin?.on('error', () => undefined); // it may end before it is let go
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const sight = await seeProcess(pid);
  if (sight === null) throw new RuntimeError('start-failed', `The agent process of ${spec.name} ended at once.`);
  child.unref();
  return {
    child,
    process: { pid, birth: sight.birth, startedAt: new Date().toISOString() },
    release: () => child.stdin?.end('\n'),
  };
}
