import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import { HookCallers, type DecideForHook } from '../../domain/network/hook-callers.js';
import type { AgentConnection } from '../../domain/runtime/agent-connection.js';
import type { Uplink } from '../../domain/runtime/uplink.js';

/** The uplinks of hooks. Who runs a hook, under its agent's lease, carries what it asks for: nobody else knows its container. */
@Injectable()
export class HookUplinks extends HookCallers {
  private decide: DecideForHook | null = null;

  decidedBy(decide: DecideForHook): void {
    this.decide = decide;
  }

  /** One that does nothing but ask is closed, and not opened again. @throws AgentUnreachableError */
  async open(instance: ManagedInstance, connection: AgentConnection): Promise<Uplink> {
    if (this.decide === null) throw new DomainError('INTERNAL', 'Nobody decides what hooks may reach.');
    let uplink: Uplink | null = null;
    const flooded = (): void => {
      uplink?.close();
    };
    uplink = await connection.uplink(this.decide(instance, flooded));
    return uplink;
  }
}
