import { Logger } from '@nestjs/common';
import { DomainError } from '../../domain/errors/domain-error.js';
import type { ManagedInstance } from '../../domain/lifecycle/managed-instance.js';
import type { CallRefusal, UplinkCall, UplinkHandler } from '../../domain/runtime/uplink.js';
import { CallRate } from './call-rate.js';
import type { ConnectionTally } from './connection-tally.js';
import type { EgressCarrier } from './egress/egress-carrier.js';
import type { NetworkFigures } from './network-figures.js';
import type { NetworkRules } from './network-rules.js';
import type { NetworkSettings } from './network-settings.js';
import type { ProjectCarrier } from './project-carrier.js';

export interface CallParts {
  readonly rules: NetworkRules;
  readonly egress: EgressCarrier;
  readonly project: ProjectCarrier;
  readonly tally: ConnectionTally;
  readonly figures: NetworkFigures;
  readonly settings: NetworkSettings;
}

/** What one replica of an agent asks for. Nothing that it does is an error here. */
export class AgentCalls implements UplinkHandler {
  private readonly logger = new Logger('Network');
  private readonly rate: CallRate;

  constructor(
    /** The agent, as it was seen last. */
    private readonly caller: () => ManagedInstance,
    private readonly parts: CallParts,
    /** It does nothing but ask. */
    private readonly flooded: () => void,
  ) {
    this.rate = new CallRate(parts.settings);
  }

  async portsOf(name: string): Promise<readonly number[]> {
    if (this.isTooFast()) throw new DomainError('QUOTA_EXCEEDED', 'The agent asks for too much at once.');
    return this.parts.rules.portsOf(this.caller(), name);
  }

  async carry(call: UplinkCall): Promise<void> {
    const caller = this.caller();
    const { figures, tally } = this.parts;
    let over = (): void => undefined;
    let why: CallRefusal | null;
    try {
      why = await this.carried(call, caller, (done) => (over = done));
    } catch (error) {
      this.logger.warn({ msg: 'a connection of an agent could not be decided on', agent: caller.id, err: error });
      why = 'unavailable';
    } finally {
      over();
    }
    if (why === null) return;
    figures.refused(why);
    tally.refused(caller, why);
    call.refuse(why);
  }

  /** @returns why it was refused; null when it was carried, and is over */
  private async carried(
    call: UplinkCall,
    caller: ManagedInstance,
    counted: (over: () => void) => void,
  ): Promise<CallRefusal | null> {
    const { rules, egress, project, figures, tally, settings } = this.parts;
    if (this.isTooFast() || figures.openNow >= settings.mostConnections) return 'too-many';
    const way = await rules.wayTo(caller, call.destination);
    if (way === null) return 'not-allowed';
    const opened = (): void => {
      counted(figures.opened(way.to));
      tally.opened(caller, way.to === 'project' ? way.peer.id : null, call.destination);
    };
    return way.to === 'project' ? project.carry(call, way.peer, opened) : egress.carry(call, opened);
  }

  private isTooFast(): boolean {
    const verdict = this.rate.take();
    if (verdict === 'flood') this.flooded();
    return verdict !== 'fine';
  }
}
