import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp } from '../support/app.js';

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

  it.each([
    ['empty', '', 'must not be empty'],
    ['too long', 'x'.repeat(501), 'must be at most 500 characters long'],
    ['a number', 7, 'must be a text'],
  ])('is refused when it is %s', async (_how, reason, detail) => {
    const answer = await app.call(`${agent.path}/actions`, { method: 'POST', body: { action: 'stop', reason } });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/reason', detail }] } });
  });

  it('does not go with unregister', async () => {
    const body = { action: 'unregister', reason: 'done' };
    const answer = await app.call(`/agent/${agent.id}/action`, { method: 'POST', body });
    expect(answer.body.errors).toEqual([{ pointer: '/reason', detail: 'belongs to the actions of the lifecycle' }]);
  });
});
