import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { systemActor } from '../../domain/events/actor.js';
import { LifecycleRecords } from '../../domain/lifecycle/lifecycle-records.js';
import { replicaView } from '../../domain/lifecycle/replicas.js';
import { McpSessionRecords } from '../../domain/mcp/mcp-session-records.js';
import type { McpSession } from '../../domain/mcp/mcp-session.js';
import { ContainerRuntime } from '../../domain/runtime/container-runtime.js';
import { RuntimeError } from '../../domain/runtime/runtime-errors.js';
import { McpSessionLog } from './mcp-session-log.js';
import { McpSettings } from './mcp-settings.js';

const BATCH = 100;
const MUSTER = systemActor('mcp');

/** Ends what a dead process left: its MCP sessions, and their servers in containers. */
@Injectable()
export class McpSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(McpSweeper.name);
  private timer: NodeJS.Timeout | undefined;
  /** Ending processes can take longer than it is to the next sweep, which would only get in the way of this one. */
  private sweeping: Promise<void> | null = null;

  constructor(
    private readonly records: McpSessionRecords,
    private readonly instances: LifecycleRecords,
    private readonly log: McpSessionLog,
    private readonly runtime: ContainerRuntime,
    private readonly settings: McpSettings,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.sweeping ??= this.attempt().finally(() => (this.sweeping = null));
    }, this.settings.sweepEveryMs).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  async sweep(): Promise<void> {
    for (const session of await this.records.findLost(BATCH)) {
      if (!(await this.isLeftClean(session))) continue;
      if (session.state === 'opening') await this.records.discard(session.id);
      else await this.log.end(session, { end: 'lost', exitCode: null, stderr: '' }, MUSTER);
    }
  }

  private async attempt(): Promise<void> {
    try {
      await this.sweep();
    } catch (error) {
      this.logger.warn({ msg: 'sweeping MCP sessions failed; it is tried again', err: error });
    }
  }

  /** false: the engine is away; the session stays open on record until its processes can be ended. */
  private async isLeftClean({ id, instanceId, replica }: McpSession): Promise<boolean> {
    try {
      const instance = await this.instances.find(instanceId);
      const containerId = instance === null ? null : replicaView(instance, replica).lifecycle.containerId;
      if (containerId !== null) await this.runtime.endExec(containerId, id);
      return true;
    } catch (error) {
      this.logger.warn({ msg: 'processes of a lost MCP session could not be ended', session: id, err: error });
      return !(error instanceof RuntimeError && ['unavailable', 'timeout'].includes(error.failure));
    }
  }
}
