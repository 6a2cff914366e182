import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../../../domain/errors/domain-error.js';
import type { AgentConnection } from '../../../domain/runtime/agent-connection.js';
import { RuntimeError } from '../../../domain/runtime/runtime-errors.js';
import type { RuntimeSpec } from '../../../domain/runtime/runtime-spec.js';
import { AgentFolders } from '../agent-folders.js';
import { HookUplinks } from '../hook-uplinks.js';
import { Engine } from '../reconciler/engine.js';
import type { ReplicaHold } from '../reconciler/replica-hold.js';
import { reachAside } from './create-aside.js';
import { SecretDelivery } from './secret-delivery.js';

/** What is open for a hook while it runs. */
export interface OpenCompany {
  close(): void;
}

const NOBODY: OpenCompany = { close: () => undefined };

/**
 * What a hook has beside its container: the agent's secrets, in memory that only the two share, and the agent's network. Both come by a
 * companion, as for an image without agent-server: the hook itself has no socket, whatever its image.
 */
@Injectable()
export class HookCompany {
  private readonly logger = new Logger(HookCompany.name);

  constructor(
    private readonly engine: Engine,
    private readonly folders: AgentFolders,
    private readonly secrets: SecretDelivery,
    private readonly uplinks: HookUplinks,
  ) {}

  /**
   * Before the hook starts: its companion answers, has been given the secrets, and asks for connections.
   * @throws DomainError as SecretDelivery.give; HEALTH_CHECK_TIMEOUT, AGENT_UNREACHABLE; LeaseLostError; the signal's reason
   */
  async open(hold: ReplicaHold, id: string, spec: RuntimeSpec, signal: AbortSignal): Promise<OpenCompany> {
    if (spec.companion === undefined) return NOBODY;
    const companion = await this.engine.call(hold, "Starting a hook's companion", (of) => of.startCompanion(id));
    if (companion === null) throw new RuntimeError('not-found', `The companion of ${spec.name} is not there.`);
    const address = { id: companion, privateFolder: spec.privateFolder };
    const connection = await hold.wait(() => reachAside(this.engine, address, signal, "A hook's companion"));
    try {
      return await this.provide(hold, spec, connection);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** What a hook wrote, without what it was given: it is going to be shown to more people than may see that. */
  async withoutSecrets(hold: ReplicaHold, spec: RuntimeSpec, output: string): Promise<string> {
    if (spec.secrets === undefined || output === '') return output;
    try {
      return await this.secrets.conceal(hold, output);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.logger.warn({ msg: "a hook's output is not shown: its secrets cannot be looked for", err: error });
      return '';
    }
  }

  /** Once its container is gone. */
  async leave(spec: RuntimeSpec): Promise<void> {
    if (spec.companion !== undefined) await this.folders.remove(spec.privateFolder);
  }

  private async provide(hold: ReplicaHold, spec: RuntimeSpec, connection: AgentConnection): Promise<OpenCompany> {
    if (spec.secrets !== undefined) await this.secrets.give(hold, connection);
    const uplink = spec.network === undefined ? null : await this.uplinks.open(hold.instance, connection);
    return {
      close: () => {
        uplink?.close();
        connection.close();
      },
    };
  }
}
