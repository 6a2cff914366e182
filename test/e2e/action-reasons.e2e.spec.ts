import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Request } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { eventually } from '../support/eventually.js';

const TOO_MUCH = [
  ['empty', '', 'must not be empty'],
  ['too long', 'x'.repeat(501), 'must be at most 500 characters long'],
  ['a number', 7, 'must be a text'],
] as const;

describe('the reason of an action', () => {
  let app: TestApp;
  let agent: TestAgent;

  beforeAll(async () => {
    app = await TestApp.start({ RUNTIME: 'process' });
    agent = await agentOf(app, {});
  });

  afterAll(async () => {
    await app.call(`${agent.path}/actions`, { method: 'POST', body: { action: 'destroy' } });
    await app.stop();
  });

  it('is shown with the change that it led to, and whose it is', async () => {
    const body = { action: 'start', reason: 'the team begins' };
    const { status, body: shown } = await app.call(`${agent.path}/actions`, { method: 'POST', body });
    expect([status, shown.state]).toEqual([200, 'running']);
    expect(shown.transitions[0]).toMatchObject({
      to: 'creating',
      request: { action: 'start', by: { type: 'api-key', id: expect.any(String) }, reason: 'the team begins' },
    });
    expect((shown.transitions as { request: unknown }[]).at(-1)?.request).toBeNull();
  });

  it.each(TOO_MUCH)('is refused when it is %s', async (_how, reason, detail) => {
    const answer = await app.call(`${agent.path}/actions`, { method: 'POST', body: { action: 'stop', reason } });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/reason', detail }] } });
  });

  it('does not go with unregister', async () => {
    const body = { action: 'unregister', reason: 'done' };
    const answer = await app.call(`/agent/${agent.id}/action`, { method: 'POST', body });
    expect(answer.body.errors).toEqual([{ pointer: '/reason', detail: 'belongs to the actions of the lifecycle' }]);
  });
});

describe('the reason of a snapshot, a restore and a fork', () => {
  let app: TestApp;
  let agent: TestAgent;
  let snapshot: string;

  beforeAll(async () => {
    app = await TestApp.start({ RUNTIME: 'process' });
    agent = await agentOf(app, {});
    const body = { target: 'archive', reason: 'before the rewrite' };
    const taken = await app.call(`${agent.path}/snapshots`, { method: 'POST', body });
    expect(taken.status).toBe(201);
    snapshot = `${agent.path}/snapshots/${taken.body.id as string}`;
  });

  afterAll(async () => {
    await destroyAll(app);
    await app.stop();
  });

  const told = async (type: string, count: number): Promise<unknown[]> =>
    eventually(async () => {
      const { items } = (await app.call(`/audit/events?type=${type}&limit=200`)).body;
      expect(items).toHaveLength(count);
      return (items as { data: { reason?: string } }[]).map(({ data }) => data.reason);
    });

  it('is in the event that the snapshot was taken', async () => {
    expect(await told('agent.snapshot.created', 1)).toEqual(['before the rewrite']);
    const unreasoned = await app.call(`${agent.path}/snapshots`, { method: 'POST', body: { target: 'archive' } });
    expect(unreasoned.status).toBe(201);
    expect(await told('agent.snapshot.created', 2)).toEqual(['before the rewrite', undefined]);
  });

  it('is in the event of a restore, which needs none, and no body at all', async () => {
    const json = { 'content-type': 'application/json' };
    const requests: [string, Request][] = [
      ['with one', { body: { reason: 'it went wrong' } }],
      ['with an empty object', { body: {} }],
      ['with an empty body', { headers: json }],
      ['with nothing', {}],
    ];
    for (const [how, request] of requests) {
      const answer = await app.call(`${snapshot}/restore`, { method: 'POST', ...request });
      expect([how, answer.status, answer.body.code]).toEqual([how, 200, undefined]);
    }
    expect(await told('agent.snapshot.restored', 4)).toEqual(['it went wrong', undefined, undefined, undefined]);
  });

  it('is in the event of a fork, and in the seat of the new agent', async () => {
    for (const body of [{ reason: 'to try it' }, {}]) {
      expect((await app.call(`${snapshot}/fork`, { method: 'POST', body })).status).toBe(201);
    }
    expect(await told('agent.forked', 2)).toEqual(['to try it', undefined]);
    const { roleAssignments } = (await app.call(`/projects/${agent.projectId}`)).body;
    expect(roleAssignments).toMatchObject([
      { forkedFrom: null },
      { forkedFrom: { reason: 'to try it' } },
      { forkedFrom: { reason: null } },
    ]);
  });

  it.each(['restore', 'fork'])('is refused of a %s when it is none', async (what) => {
    for (const [, reason, detail] of TOO_MUCH) {
      const answer = await app.call(`${snapshot}/${what}`, { method: 'POST', body: { reason } });
      expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/reason', detail }] } });
    }
    for (const [body, pointer] of [
      ['null', ''],
      ['[]', ''],
      ['{"why": "so"}', '/why'],
    ] as const) {
      const answer = await app.call(`${snapshot}/${what}`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      });
      expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
    }
  });
});
