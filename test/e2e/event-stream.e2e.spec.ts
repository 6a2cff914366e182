import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventStreamSettings } from '../../src/modules/event-stream/event-stream-settings.js';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { ADMIN_KEY, TestApp } from '../support/app.js';
import { AGENT_BUNDLE } from '../support/engine.js';
import { EventClient, type FollowOptions } from '../support/event-client.js';
import { eventually } from '../support/eventually.js';

describe('GET /events', () => {
  let app: TestApp;
  let other: TestApp;
  let agent: TestAgent;

  beforeAll(async () => {
    app = await TestApp.start({ AGENT_BUNDLE });
    other = await TestApp.start({ AGENT_BUNDLE }, app.database);
    // Times alone: what is waited for does not depend on them.
    Object.assign(app.app.get(EventStreamSettings, { strict: false }), { heartbeatMs: 200, perKey: 3 });
    agent = await agentOf(app);
  });

  afterAll(async () => {
    await app.call(`${agent.path}/actions`, { method: 'POST', body: { action: 'destroy' } });
    await other.stop();
    await app.stop();
  });

  const follow = async (options: Partial<FollowOptions> = {}, at = app): Promise<EventClient> =>
    EventClient.follow(at.url, { key: ADMIN_KEY, ...options });
  const issue = async (role: string): Promise<{ id: string; key: string }> =>
    (await app.call('/api-keys', { method: 'POST', body: { name: role, role } })).body;
  const refused = async (options: { query?: string; lastEventId?: string; key?: string }) =>
    app.call(`/events${options.query ?? ''}`, {
      key: options.key ?? ADMIN_KEY,
      headers: options.lastEventId === undefined ? {} : { 'last-event-id': options.lastEventId },
    });
  const act = async (action: string): Promise<void> => {
    const { status } = await app.call(`${agent.path}/actions`, { method: 'POST', body: { action } });
    expect(status).toBe(200);
  };
  /** The log's numbers after `seq`. */
  const logged = async (seq: number): Promise<number[]> => {
    const found = await app.database.db.collection('event_log').find({ seq: { $gt: seq } }).sort({ seq: 1 }).toArray(); // prettier-ignore
    return found.map((entry) => entry['seq'] as number);
  };
  /** A client goes away before the server has noticed. */
  const nobodyLeft = async (): Promise<void> => {
    await eventually(async () => {
      const client = await follow();
      client.leave();
      expect(client.status).toBe(200);
    });
  };

  it('tells each state that an agent goes through, with its reason, as it happens', async () => {
    const stream = await follow({ query: `?type=lifecycle.transitioned&subject=${agent.id}` });
    expect([stream.status, stream.headers['content-type'], stream.headers['cache-control']]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      'no-store',
    ]);
    await act('start');
    await stream.until(({ events }) => events.some(({ data }) => data['to'] === 'running'));
    await act('stop');
    await stream.until(({ events }) => events.some(({ data }) => data['to'] === 'stopped'));
    stream.leave();
    expect(stream.events.map(({ data }) => [data['from'], data['to'], data['reason']])).toEqual([
      ['enabled', 'creating', 'requested'],
      ['creating', 'starting', 'container-created'],
      ['starting', 'running', 'agent-healthy'],
      ['running', 'stopping', 'requested'],
      ['stopping', 'stopped', 'container-stopped'],
    ]);
  });

  it('tells what another process on the database did, in the order of the log', async () => {
    const stream = await follow({}, other);
    const { body } = await app.call('/templates', { method: 'POST', body: { name: 'far-away', role: 'developer' } });
    await stream.until(({ events }) => events.some(({ subject }) => subject.id === body.id));
    stream.leave();
    expect(stream.seqs).toEqual([...stream.seqs].sort((a, b) => a - b));
  });

  it('loses nothing and repeats nothing when it is cut off in the middle', async () => {
    const begin = Math.max(0, ...(await logged(0)));
    const names = Array.from({ length: 60 }, (_, index) => `cut-${index}`);
    const making = Promise.all(
      names.map(async (name) => app.call('/templates', { method: 'POST', body: { name, role: 'developer' } })),
    );
    const seen: number[] = [];
    let lastEventId = String(begin);
    while (seen.length < names.length) {
      const stream = await follow({ lastEventId });
      await stream.until(({ events }) => events.length >= 7 || seen.length + events.length >= names.length);
      stream.leave();
      seen.push(...stream.seqs);
      lastEventId = stream.lastEventId!;
      await stream.ended;
    }
    await making;
    await eventually(async () => {
      expect(await logged(begin)).toEqual(seen);
    });
  });

  it('loses nothing when it is cut off before the first event', async () => {
    await nobodyLeft();
    const first = await follow();
    await first.until(({ lastEventId }) => lastEventId !== undefined);
    first.leave();
    const { body } = await app.call('/templates', { method: 'POST', body: { name: 'unseen', role: 'developer' } });
    const second = await follow({ lastEventId: first.lastEventId! });
    await second.until(({ events }) => events.some(({ subject }) => subject.id === body.id));
    second.leave();
  });

  it('shows a role what it may read, and refuses the rest by name', async () => {
    const { key } = await issue('viewer');
    const stream = await follow({ key, query: '?after=0' });
    await issue('viewer');
    const { body } = await app.call('/templates', { method: 'POST', body: { name: 'for-all', role: 'developer' } });
    await stream.until(({ events }) => events.some(({ subject }) => subject.id === body.id));
    stream.leave();
    const types = new Set(stream.events.map(({ type }) => type));
    expect([...types].filter((type) => /^(api-key|tenant|access)\./.test(type))).toEqual([]);
    expect(types).toContain('lifecycle.transitioned');
    expect(await refused({ key, query: '?type=lifecycle.requested,api-key.created' })).toMatchObject({
      status: 403,
      body: { code: 'FORBIDDEN', details: { permission: 'audit:read', role: 'viewer' } },
    });
  });

  it('keeps a silent stream alive', async () => {
    const stream = await follow({ query: '?type=tenant.created' });
    await stream.until(({ comments }) => comments >= 2);
    stream.leave();
    expect(stream.events).toEqual([]);
  });

  it('ends when its key is revoked, and says why', async () => {
    const { id, key } = await issue('operator');
    const stream = await follow({ key });
    await app.call(`/api-keys/${id}`, { method: 'DELETE' });
    expect(await stream.ended).toBe('whole');
    expect(stream.named).toMatchObject([{ name: 'problem', data: { code: 'UNAUTHENTICATED' } }]);
    expect((await refused({ key })).status).toBe(401);
  });

  it('gives one key so many streams, and a place back when one ends', async () => {
    const { key } = await issue('viewer');
    const streams = await Promise.all([1, 2, 3].map(async () => follow({ key })));
    expect(await refused({ key })).toMatchObject({
      status: 429,
      body: { code: 'TOO_MANY_STREAMS', type: '/problems/TOO_MANY_STREAMS', details: { limit: 3 } },
    });
    streams.pop()!.leave();
    await eventually(async () => {
      const again = await follow({ key });
      streams.push(again);
      expect(again.status).toBe(200);
    });
    for (const stream of streams) stream.leave();
  });

  it.each([
    ['an id that is none', { lastEventId: 'yesterday' }, 'Last-Event-ID'],
    ['an id that is negative', { lastEventId: '-1' }, 'Last-Event-ID'],
    ['an id beyond the log', { lastEventId: '999999999' }, 'Last-Event-ID'],
    ['a place beyond the log', { query: '?after=999999999' }, 'after'],
    ['a type that is none', { query: '?type=lifecycle.*' }, 'type'],
    ['a subject that is none', { query: '?subject=me' }, 'subject'],
    ['what it does not know', { query: '?limit=3' }, 'limit'],
  ])('refuses %s', async (_what, options, pointer) => {
    expect(await refused(options)).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
  });

  // Last, because it ends one of them.
  it('ends whole when its Muster stops, and goes on at another', async () => {
    const before = await follow({}, other);
    await before.until(({ lastEventId }) => lastEventId !== undefined);
    const stopping = other.stop();
    expect(await before.ended).toBe('whole');
    const { body } = await app.call('/templates', { method: 'POST', body: { name: 'meanwhile', role: 'developer' } });
    const after = await follow({ lastEventId: before.lastEventId! });
    await after.until(({ events }) => events.some(({ subject }) => subject.id === body.id));
    after.leave();
    await stopping;
    expect(new Set([...before.seqs, ...after.seqs]).size).toBe(before.seqs.length + after.seqs.length);
  });
});
