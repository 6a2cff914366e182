import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { agentOf, agentsOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { AGENT_BUNDLE, ENGINE_HOST, engine, engineMissing } from '../support/engine.js';
import { eventually } from '../support/eventually.js';

const RUNTIMES = [
  { name: 'process', env: { RUNTIME: 'process', AGENT_BUNDLE } },
  { name: 'docker', env: { RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST } },
] as const;

const reasonsOf = (body: unknown): { to: string; reason: string }[] =>
  (body as { transitions: { to: string; reason: string }[] }).transitions;

describe.each(RUNTIMES)('an agent on the $name runtime', ({ name, env }) => {
  // Counted as skipped where no engine answers; the reason was printed.
  const isMissing = name === 'docker' && engineMissing !== null;
  const test = isMissing ? it.skip : it;
  let app: TestApp;

  beforeAll(async () => {
    if (isMissing) return;
    app = await TestApp.start(env);
  });

  afterAll(async () => {
    if (isMissing) return;
    const projects = await app.call('/projects?limit=200');
    for (const { id } of projects.body.items) await app.call(`/projects/${id}`, { method: 'DELETE' });
    await eventually(async () => {
      const left = await app.database.db.collection('agent_instances').countDocuments({ removedAt: null });
      expect(left).toBe(0);
    });
    await app.stop();
  });

  const act = async (agent: TestAgent, action: string, headers: Record<string, string> = {}): Promise<Answer> =>
    app.call(`${agent.path}/actions`, { method: 'POST', body: { action }, headers });

  const prompt = async (agent: TestAgent, input: string): Promise<Answer> =>
    app.call(`${agent.path}/runs`, { method: 'POST', body: { type: 'prompt', input } });

  test('starts, answers, stops, starts again, and goes for good', async () => {
    const agent = await agentOf(app);
    const started = await act(agent, 'start');
    expect([started.status, started.body]).toMatchObject([
      200,
      {
        id: agent.id,
        state: 'running',
        status: 'idle',
        error: null,
        observedGeneration: 1,
        desired: { state: 'running' },
      },
    ]);
    expect(started.body.pid).toBeGreaterThan(0);
    expect(started.body.containerName).toMatch(/^muster_agent-.+_agent-.+-1_[0-9a-f]{8}$/);
    expect(started.body.replicas).toMatchObject([{ operator: name, health: 'healthy', pid: started.body.pid }]);
    expect((await app.call(agent.path)).body).toMatchObject({
      status: 'idle',
      pid: started.body.pid,
      lifecycle: { state: 'running', containerId: started.body.containerId },
    });

    const answered = await prompt(agent, 'Who are you?');
    expect([answered.status, answered.body]).toMatchObject([200, { status: 'passed', error: null }]);
    expect(answered.body.output).toContain('Who are you?');

    expect((await act(agent, 'stop')).body).toMatchObject({ state: 'stopped', pid: null, startedAt: null });
    expect((await prompt(agent, 'Still there?')).body).toMatchObject({ status: 409, code: 'AGENT_NOT_RUNNING' });
    expect((await act(agent, 'start')).body).toMatchObject({ state: 'running' });
    expect((await prompt(agent, 'And now?')).body).toMatchObject({ status: 'passed' });

    expect((await act(agent, 'destroy')).body).toMatchObject({ state: 'removed', containerId: null });
    expect((await app.call(agent.path)).status).toBe(404);
    expect((await act(agent, 'start')).body).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('restarts with another process', async () => {
    const agent = await agentOf(app);
    const { pid } = (await act(agent, 'start')).body;
    const again = await act(agent, 'restart');
    expect(again.body).toMatchObject({ state: 'running', observedGeneration: 2 });
    expect(again.body.pid).not.toBe(pid);
    expect((await prompt(agent, 'hi')).body).toMatchObject({ status: 'passed' });
  });

  test('pauses and resumes where the runtime can, and says so where it cannot', async () => {
    const agent = await agentOf(app);
    expect((await act(agent, 'pause')).body.code).toMatch(/^(INVALID_TRANSITION|RUNTIME_UNSUPPORTED)$/);
    const { pid } = (await act(agent, 'start')).body;
    const paused = await act(agent, 'pause');
    if (paused.status === 501) {
      expect(paused.body).toMatchObject({ code: 'RUNTIME_UNSUPPORTED' });
      return;
    }
    expect([paused.status, paused.body.state]).toEqual([200, 'paused']);
    expect((await act(agent, 'resume')).body).toMatchObject({ state: 'running', pid });
    expect((await prompt(agent, 'hi')).body).toMatchObject({ status: 'passed' });
  });

  test('takes a new soul without a restart', async () => {
    const agent = await agentOf(app);
    const { pid } = (await act(agent, 'start')).body;
    const before = (await prompt(agent, 'Who are you?')).body.usage.inputTokens as number;
    const soul = `I am Grace, ${'and I count what I am told, '.repeat(50)}`;
    const edited = await app.call(agent.path, { method: 'PATCH', body: { soul } });
    expect([edited.status, edited.body.revision]).toEqual([200, 2]);
    await eventually(async () => {
      const record = await app.database.db.collection('agent_instances').findOne({ pid });
      expect(record?.['lifecycle'].replicas[0].configuredRevision).toBe(2);
    });
    expect((await prompt(agent, 'Who are you?')).body.usage.inputTokens).toBeGreaterThan(before + 300);
    expect((await app.call(`${agent.path}/lifecycle`)).body).toMatchObject({ pid, state: 'running' });
  });

  test('starts five at once', async () => {
    const agents = await agentsOf(app, { count: 5 });
    const started = await Promise.all(agents.map(async (agent) => act(agent, 'start')));
    expect(started.map(({ status, body }) => [status, body.state])).toEqual(agents.map(() => [200, 'running']));
    const answers = await Promise.all(agents.map(async (agent) => prompt(agent, 'hi')));
    expect(answers.map(({ body }) => body.status)).toEqual(agents.map(() => 'passed'));
  });

  test('answers 202 at once when asked to, and shows how it goes on', async () => {
    const agent = await agentOf(app);
    const answer = await act(agent, 'start', { prefer: 'respond-async' });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('preference-applied')).toBe('respond-async');
    expect(answer.body.desired).toMatchObject({ state: 'running', generation: 1 });
    await eventually(async () => {
      const { body } = await app.call(`${agent.path}/lifecycle`);
      expect(body).toMatchObject({ state: 'running', observedGeneration: 1 });
      expect(reasonsOf(body).map(({ to }) => to)).toEqual(['creating', 'starting', 'running']);
    });
  });

  test('restarts what is killed behind its back', async () => {
    const agent = await agentOf(app);
    const pid = (await act(agent, 'start')).body.pid as number;
    process.kill(pid, 'SIGKILL');
    await eventually(async () => {
      const { body } = await app.call(`${agent.path}/lifecycle`);
      expect(body).toMatchObject({ state: 'running', error: null });
      expect(body.pid).not.toBe(pid);
    });
    const { body } = await app.call(`${agent.path}/lifecycle`);
    expect(reasonsOf(body).map(({ reason }) => reason)).toContain('CONTAINER_EXITED');
    expect((await prompt(agent, 'hi')).body).toMatchObject({ status: 'passed' });
  });

  test('shows the logs, and follows them until the client leaves', async () => {
    const agent = await agentOf(app);
    expect((await app.call(`${agent.path}/logs`)).body).toEqual({ items: [], truncated: false });
    await act(agent, 'start');
    const { body } = await app.call(`${agent.path}/logs?tail=10`);
    expect(body.items.length).toBeGreaterThan(0);
    expect(body.items[0]).toMatchObject({ stream: expect.stringMatching(/^std/), at: expect.any(String) });

    const leave = new AbortController();
    const response = await fetch(`${app.url}/api/v1${agent.path}/logs?follow=true&tail=1`, {
      headers: { authorization: 'Bearer test-admin-key-0123456789abcdef' },
      signal: leave.signal,
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = response.body!.getReader();
    const text = new TextDecoder().decode((await reader.read()).value as Uint8Array);
    expect(text).toMatch(/^event: log\ndata: \{"stream":"std/);
    leave.abort();
    await expect(reader.read()).rejects.toThrow();
    await act(agent, 'destroy');
  });

  test('shows of the logs what was written since a moment', async () => {
    const agent = await agentOf(app);
    await act(agent, 'start');
    const logs = async (query: string): Promise<{ at: string }[]> =>
      (await app.call(`${agent.path}/logs?${query}`)).body.items;
    const [first] = await logs('tail=1');
    // What comes later has a later time, to the millisecond.
    await new Promise((resolve) => setTimeout(resolve, 10));
    await act(agent, 'stop');
    const whole = await logs('tail=1000');
    const last = whole.at(-1)!.at;
    expect(last > first!.at).toBe(true);
    const later = whole.filter(({ at }) => at >= last);
    expect(later.length).toBeLessThan(whole.length);
    expect(await logs(`tail=1000&since=${encodeURIComponent(last)}`)).toEqual(later);
    expect(await logs(`since=${new Date(Date.parse(last) + 60_000).toISOString()}`)).toEqual([]);
    await act(agent, 'destroy');
  });

  test('says what is wrong with a request', async () => {
    const agent = await agentOf(app);
    for (const body of [{}, { action: 'dance' }, { action: 'start', replicas: 2 }, { action: ['start'] }]) {
      const answer = await app.call(`${agent.path}/actions`, { method: 'POST', body });
      expect([answer.status, answer.body.code]).toEqual([422, 'VALIDATION_FAILED']);
    }
    for (const query of ['tail=many', 'tail=-1', 'follow=maybe', 'since=yesterday', 'lines=3']) {
      expect([query, (await app.call(`${agent.path}/logs?${query}`)).status]).toEqual([query, 422]);
    }
    const nobody = `/projects/${agent.projectId}/agents/${'0'.repeat(24)}`;
    for (const path of ['lifecycle', 'logs', 'runs']) expect((await app.call(`${nobody}/${path}`)).status).toBe(404);
    expect((await app.call(`${nobody}/actions`, { method: 'POST', body: { action: 'start' } })).status).toBe(404);
    const elsewhere = `/projects/${'0'.repeat(24)}/agents/${agent.id}`;
    expect((await app.call(`${elsewhere}/lifecycle`)).status).toBe(404);
  });

  test('tells a missing image, with what to do', async () => {
    if (name === 'process') return;
    const agent = await agentOf(app, { manifest: { image: 'muster/nobody-built-this:1' } });
    const answer = await act(agent, 'start');
    expect(answer.body).toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    expect((await app.call(`${agent.path}/lifecycle`)).body).toMatchObject({
      state: 'failed',
      status: 'error',
      error: { code: 'IMAGE_NOT_FOUND', recovery: expect.stringContaining('image') },
    });
    expect((await act(agent, 'destroy')).status).toBe(200);
  });

  test('leaves nothing on the engine', async () => {
    if (name === 'process') return;
    const agent = await agentOf(app);
    const containerId = (await act(agent, 'start')).body.containerId as string;
    await act(agent, 'destroy');
    await expect(engine.getContainer(containerId).inspect()).rejects.toMatchObject({ statusCode: 404 });
  });
});
