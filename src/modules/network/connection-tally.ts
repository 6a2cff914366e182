import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { sha256 } from '../../platform/crypto/digest.js';
import { systemActor } from '../../domain/events/actor.js';
import { DirectEventAppender } from '../../domain/events/direct-event-appender.js';
import { domainEvent, type DomainEvent } from '../../domain/events/domain-events.js';
import type { AgentInstanceId, TenantId } from '../../domain/ids.js';
import type { Destination } from '../../domain/network/destination.js';
import type { CallRefusal } from '../../domain/runtime/uplink.js';
import { NetworkSettings } from './network-settings.js';

/** Destinations of one agent that are counted each by itself within a minute; further ones are counted together. */
const MOST_DESTINATIONS = 50;
/** Of all agents, while the event log cannot be written to. */
const MOST_COUNTS = 10_000;

interface Agent {
  readonly id: AgentInstanceId;
  readonly tenantId: TenantId;
}

type Outcome =
  | { readonly peerId: AgentInstanceId | null; readonly destinationHash: string | null }
  | { readonly reason: CallRefusal };

interface Counted {
  readonly agent: Agent;
  readonly outcome: Outcome;
  count: number;
}

/** Counts what was carried for which agent, and tells the event log once a minute: no agent can fill it. */
@Injectable()
export class ConnectionTally implements OnApplicationBootstrap {
  private readonly logger = new Logger(ConnectionTally.name);
  private counts = new Map<string, Counted>();
  private destinations = new Map<AgentInstanceId, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly log: DirectEventAppender,
    private readonly settings: NetworkSettings,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.flush(), this.settings.tellMs).unref();
  }

  /** @param peerId the agent that it leads to; null: it leads outside */
  opened(agent: Agent, peerId: AgentInstanceId | null, { host, port }: Destination): void {
    // As `sha256sum` makes it of the text, so that whoever suspects a host can look for it.
    const destinationHash = peerId === null ? sha256(`${host}:${port}`) : null;
    this.count(agent, { peerId, destinationHash });
  }

  refused(agent: Agent, reason: CallRefusal): void {
    this.count(agent, { reason });
  }

  /** Tells what is left, and counts no more minutes. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  /** What cannot be told is counted on. */
  async flush(): Promise<void> {
    if (this.counts.size === 0) return;
    const counted = [...this.counts.values()];
    this.counts = new Map();
    this.destinations = new Map();
    try {
      await this.log.append(counted.map(eventOf));
    } catch (cause) {
      this.logger.warn({ msg: 'connections could not be told to the event log; they are counted on', err: cause });
      for (const { agent, outcome, count } of counted) this.count(agent, outcome, count);
    }
  }

  private count(agent: Agent, outcome: Outcome, by = 1): void {
    const key = `${agent.id} ${JSON.stringify(outcome)}`;
    const counted = this.counts.get(key);
    if (counted !== undefined) {
      counted.count += by;
      return;
    }
    const rest = 'reason' in outcome ? outcome : this.bounded(agent, outcome);
    if (rest !== outcome) this.count(agent, rest, by);
    else if (this.counts.size < MOST_COUNTS) this.counts.set(key, { agent, outcome, count: by });
  }

  private bounded<O extends Exclude<Outcome, { reason: CallRefusal }>>(agent: Agent, outcome: O): Outcome {
    if (outcome.peerId === null && outcome.destinationHash === null) return outcome;
    const others = this.destinations.get(agent.id) ?? 0;
    if (others >= MOST_DESTINATIONS) return { peerId: null, destinationHash: null };
    this.destinations.set(agent.id, others + 1);
    return outcome;
  }
}

function eventOf({ agent: { id, tenantId }, outcome, count }: Counted): DomainEvent {
  const about = { tenantId, actor: systemActor('network'), subject: { type: 'agent-instance', id } } as const;
  return 'reason' in outcome
    ? domainEvent('network.refused', about, { instanceId: id, ...outcome, count })
    : domainEvent('network.connected', about, { instanceId: id, ...outcome, count });
}
