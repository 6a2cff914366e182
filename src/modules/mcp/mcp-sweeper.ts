import { Injectable } from '@nestjs/common';
import { systemActor } from '../../domain/events/actor.js';
import { LifecycleRecords } from '../../domain/lifecycle/lifecycle-records.js';
import { replicaView } from '../../domain/lifecycle/replicas.js';
import { McpSessionRecords } from '../../domain/mcp/mcp-session-records.js';
import type { McpSession } from '../../domain/mcp/mcp-session.js';
import { ContainerRuntime } from '../../domain/runtime/container-runtime.js';
import { isEngineAway } from '../../domain/runtime/runtime-errors.js';
import { Sweeper } from '../../platform/sweeper.js';
import { McpSessionLog } from './mcp-session-log.js';
import { McpSettings } from './mcp-settings.js';
import { OpenMcpSessions } from './open-mcp-sessions.js';

const BATCH = 100;
const MUSTER = systemActor('mcp');

/** Ends what a dead process left: its MCP sessions, and their servers in containers. */
@Injectable()
export class McpSweeper extends Sweeper {
  constructor(
    private readonly records: McpSessionRecords,
    private readonly instances: LifecycleRecords,
    private readonly log: McpSessionLog,
    private readonly open: OpenMcpSessions,
    private readonly runtime: ContainerRuntime,
    private readonly settings: McpSettings,
  ) {
    super('MCP sessions', { everyMs: settings.sweepEveryMs });
  }

  async sweep(): Promise<void> {
    for (const session of await this.records.findLost(BATCH)) {
      // It could not say so for a while, no more.
      if (this.open.owns(session.id)) continue;
      if (!(await this.isLeftClean(session))) continue;
      if (session.state === 'opening') await this.records.discard(session.id);
      else await this.log.end(session, { end: 'lost', exitCode: null, stderr: '' }, MUSTER);
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
      return !isEngineAway(error);
    }
  }
}
