import { beforeEach, describe, expect, it } from '@jest/globals';
import { DirectEventAppender } from '../../domain/events/direct-event-appender.js';
import type { DomainEvent } from '../../domain/events/domain-events.js';
import { newId, type AgentInstanceId, type TenantId } from '../../domain/ids.js';
import { ConnectionTally } from './connection-tally.js';
import { NetworkSettings } from './network-settings.js';

class Log extends DirectEventAppender {
  readonly events: DomainEvent[] = [];
  isAway = false;

  async append(events: readonly DomainEvent[]): Promise<void> {
    if (this.isAway) return Promise.reject(new TypeError('away'));
    this.events.push(...events);
    return Promise.resolve();
  }
}

describe('ConnectionTally', () => {
  const agent = { id: newId<AgentInstanceId>(), tenantId: newId<TenantId>() };
  let log: Log;
  let sut: ConnectionTally;

  beforeEach(() => {
    log = new Log();
    sut = new ConnectionTally(log, new NetworkSettings());
  });

  const told = (): unknown[] => log.events.map(({ type, data }) => ({ type, ...data }));

  it('tells one event for each destination and each reason, with its count and no text', async () => {
    const peerId = newId<AgentInstanceId>();
    for (let n = 0; n < 3; n += 1) sut.opened(agent, null, { host: 'example.org', port: 443 });
    sut.opened(agent, peerId, { host: 'web-app-dev-2', port: 80 });
    sut.refused(agent, 'not-allowed');
    sut.refused(agent, 'not-allowed');
    await sut.flush();
    const destinationHash = expect.stringMatching(/^[0-9a-f]{64}$/);
    const instanceId = agent.id;
    expect(told()).toEqual([
      { type: 'network.connected', instanceId, peerId: null, destinationHash, count: 3 },
      { type: 'network.connected', instanceId, peerId, destinationHash: null, count: 1 },
      { type: 'network.refused', instanceId, reason: 'not-allowed', count: 2 },
    ]);
    expect(JSON.stringify(log.events)).not.toContain('example.org');
    await sut.flush();
    expect(log.events).toHaveLength(3);
  });

  it('is not filled by an agent that reaches ever other hosts', async () => {
    for (let n = 0; n < 5000; n += 1) sut.opened(agent, null, { host: `${n}.example.org`, port: 443 });
    await sut.flush();
    expect(log.events.length).toBeLessThanOrEqual(51);
    expect(told()).toContainEqual(expect.objectContaining({ peerId: null, destinationHash: null, count: 4950 }));
  });

  it('counts on what could not be told', async () => {
    log.isAway = true;
    sut.refused(agent, 'too-many');
    await sut.flush();
    log.isAway = false;
    sut.refused(agent, 'too-many');
    await sut.flush();
    expect(told()).toEqual([{ type: 'network.refused', instanceId: agent.id, reason: 'too-many', count: 2 }]);
  });
});
