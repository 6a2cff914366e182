import { Injectable, Logger } from '@nestjs/common';
import type { AgentConnection } from '../../../domain/runtime/agent-connection.js';
import type { AgentFiles } from '../../../domain/runtime/agent-files.js';
import type { RuntimeSpec } from '../../../domain/runtime/runtime-spec.js';
import { AgentFolders } from '../agent-folders.js';
import { ContainerPlanner } from '../container-planner.js';
import { Engine } from '../reconciler/engine.js';
import type { Hold } from '../reconciler/hold.js';
import { unlessAborted } from '../unless-aborted.js';
import { createAside, reachAside } from './create-aside.js';

/**
 * Reads and fills workspace folders by a container of Muster's own program that is made for it and ends with it. Nothing on
 * Muster's host walks through what an agent can write, whether the agent runs or not; see docs/adr/0013.
 */
@Injectable()
export class WorkspaceAccess {
  private readonly logger = new Logger(WorkspaceAccess.name);

  constructor(
    private readonly engine: Engine,
    private readonly planner: ContainerPlanner,
    private readonly folders: AgentFolders,
  ) {}

  /**
   * Has `use` work with the files of a folder, which is made where it is missing.
   * @throws LeaseLostError, RuntimeError, DomainError HEALTH_CHECK_TIMEOUT, what `use` throws, the signal's reason
   */
  async during<T>(hold: Hold, folder: string, signal: AbortSignal, use: (files: AgentFiles) => Promise<T>): Promise<T> {
    // Its image may have to be pulled first.
    const spec = await hold.wait(() => unlessAborted(signal, () => this.planner.planFiles(hold.instance, folder)));
    if (spec === null) throw signal.reason as Error;
    await this.folders.prepare(spec.privateFolder, folder);
    const id = await createAside(this.engine, hold, spec);
    let connection: AgentConnection | null = null;
    try {
      await this.engine.call(hold, 'Starting a container for files', (runtime) => runtime.start(id));
      const opened = await hold.wait(() => this.reach(id, spec, signal));
      connection = opened;
      return await hold.wait(() => use(opened.files));
    } finally {
      connection?.close();
      await this.end(id, spec);
    }
  }

  private async reach(id: string, { privateFolder }: RuntimeSpec, signal: AbortSignal): Promise<AgentConnection> {
    return reachAside(this.engine, { id, privateFolder }, signal, 'The container that reads and fills workspaces');
  }

  /** Whatever became of the lease: what is left here is found by its name, and as an orphan. */
  private async end(id: string, { privateFolder }: RuntimeSpec): Promise<void> {
    try {
      await this.engine.runtime.remove(id);
      await this.folders.remove(privateFolder);
    } catch (error) {
      this.logger.warn({ msg: 'a container for files could not be removed', container: id, err: error });
    }
  }
}
