import { Injectable } from '@nestjs/common';
import { joinTunnels } from '../../../domain/runtime/join-tunnels.js';
import type { CallRefusal, UplinkCall } from '../../../domain/runtime/uplink.js';
import { EgressDialer } from './egress-dialer.js';
import { SocketTunnel } from './socket-tunnel.js';

/** Carries connections to hosts outside. */
@Injectable()
export class EgressCarrier {
  constructor(private readonly dialer: EgressDialer) {}

  /**
   * @param opened called once it is made
   * @returns why it was not made; null when it was, and is over
   */
  async carry(call: UplinkCall, opened: () => void): Promise<CallRefusal | null> {
    const dialled = await this.dialer.dial(call.destination, call.gone);
    if (typeof dialled === 'string') return dialled;
    if (call.gone.aborted) {
      dialled.destroy();
      return 'unreachable';
    }
    opened();
    await joinTunnels(call.accept(), new SocketTunnel(dialled), call.gone).catch(() => undefined);
    return null;
  }
}
