import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors/domain-error.js';
import { NotFoundError } from '../../domain/errors/not-found.error.js';
import { AgentUse } from '../../domain/lifecycle/agent-use.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { exposedPorts } from '../../domain/network/peer-name.js';
import { AgentNotRunningError } from '../../domain/runs/agent-not-running.error.js';
import { joinTunnels } from '../../domain/runtime/join-tunnels.js';
import { AgentUnreachableError } from '../../domain/runtime/runtime-errors.js';
import type { CallRefusal, UplinkCall } from '../../domain/runtime/uplink.js';
import { LifecycleService } from '../lifecycle/lifecycle.service.js';
import { NetworkSettings } from './network-settings.js';

/** Carries connections to another agent of the same project, which is used by them: they wake it, and keep it awake. */
@Injectable()
export class ProjectCarrier {
  constructor(
    private readonly use: AgentUse,
    private readonly lifecycle: LifecycleService,
    private readonly settings: NetworkSettings,
  ) {}

  /**
   * @param peer found in the project of who calls
   * @param opened called once it is made
   * @returns why it was not made; null when it was, and is over
   */
  async carry(call: UplinkCall, peer: ManagedInstance, opened: () => void): Promise<CallRefusal | null> {
    const patience = new AbortController();
    const late = setTimeout(() => {
      patience.abort(new DomainError('HEALTH_CHECK_TIMEOUT', 'The agent did not wake in time.'));
    }, this.settings.wakeMs);
    const carried = { isOpen: false };
    try {
      return await this.use.during(
        peer,
        async (awake) => {
          clearTimeout(late);
          // It may have become another one meanwhile.
          if (!exposedPorts(awake.manifest).includes(call.destination.port)) return 'not-allowed';
          const tunnel = await this.lifecycle.tunnelTo(awake, call.destination.port, call.gone);
          carried.isOpen = true;
          opened();
          await joinTunnels(call.accept(), tunnel, call.gone);
          return null;
        },
        AbortSignal.any([call.gone, patience.signal]),
      );
    } catch (error) {
      if (carried.isOpen) return null;
      return patience.signal.aborted ? 'timeout' : refusalOf(error);
    } finally {
      clearTimeout(late);
    }
  }
}

function refusalOf(error: unknown): CallRefusal {
  if (error instanceof AgentNotRunningError || error instanceof NotFoundError) return 'peer-not-running';
  return error instanceof AgentUnreachableError ? 'unreachable' : 'unavailable';
}
