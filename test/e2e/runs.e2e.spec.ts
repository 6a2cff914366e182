import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ObjectId } from 'mongodb';
import { agentOf, type AgentWishes, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { AGENT_BUNDLE } from '../support/engine.js';
import { eventually } from '../support/eventually.js';

const itemsOf = (body: unknown): { id: string; status: string }[] =>
  (body as { items: { id: string; status: string }[] }).items;

describe('runs', () => {
  let app: TestApp;
  let agent: TestAgent;

  beforeAll(async () => {
    app = await TestApp.start({ AGENT_BUNDLE });
    agent = await running();
  });

  afterAll(async () => {
    const projects = await app.call('/projects?limit=200');
    for (const { id } of projects.body.items) await app.call(`/projects/${id}`, { method: 'DELETE' });
    await eventually(async () => {
      expect(await app.database.db.collection('agent_instances').countDocuments({ removedAt: null })).toBe(0);
    });
    await app.stop();
  });

  const running = async (wishes: AgentWishes = {}): Promise<TestAgent> => {
    const made = await agentOf(app, wishes);
    const started = await app.call(`${made.path}/actions`, { method: 'POST', body: { action: 'start' } });
    expect(started.body).toMatchObject({ state: 'running' });
    return made;
  };

  const run = async (of: TestAgent, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    app.call(`${of.path}/runs`, { method: 'POST', body, headers });

  const prompt = async (of: TestAgent, input: string, headers: Record<string, string> = {}): Promise<Answer> =>
    run(of, { type: 'prompt', input }, headers);

  it('answers a prompt, and keeps what was said', async () => {
    const answer = await prompt(agent, 'Grüß dich');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      projectId: agent.projectId,
      instanceId: agent.id,
      type: 'prompt',
      status: 'passed',
      input: 'Grüß dich',
      exitCode: null,
      stdout: null,
      stderr: null,
      error: null,
      usage: { inputTokens: expect.any(Number), outputTokens: expect.any(Number) },
    });
    expect(answer.body.resultHash).toBe(createHash('sha256').update(String(answer.body.output), 'utf8').digest('hex'));
    expect(answer.headers.get('location')).toBe(`/api/v1${agent.path}/runs/${answer.body.id}`);
    expect((await app.call(`${agent.path}/runs/${answer.body.id}`)).body).toEqual(answer.body);
    expect((await app.call(agent.path)).body.status).toBe('idle');
  });

  it('gives the same answer to the same prompt', async () => {
    const [one, two] = await Promise.all([prompt(agent, 'same'), prompt(agent, 'same')]);
    expect(one.body.resultHash).toBe(two.body.resultHash);
    expect(one.body.id).not.toBe(two.body.id);
  });

  it('logs a run by digests, never by its texts', async () => {
    const { body } = await prompt(agent, 'a secret of mine');
    await eventually(async () => {
      const entries = await app.database.db
        .collection('event_log')
        .find({ 'subject.type': 'run', 'subject.id': body.id })
        .sort({ seq: 1 })
        .toArray();
      expect(entries.map(({ type }) => type)).toEqual(['run.started', 'run.ended']);
      expect(entries[0]?.['data'].inputHash).toBe(createHash('sha256').update('a secret of mine').digest('hex'));
      expect(entries[1]?.['data']).toMatchObject({ status: 'passed', resultHash: body.resultHash });
      expect(JSON.stringify(entries)).not.toContain('secret of mine');
    });
  });

  it('goes on after 202', async () => {
    const answer = await prompt(agent, 'later', { prefer: 'respond-async' });
    expect([answer.status, answer.body.status]).toEqual([202, 'running']);
    await eventually(async () => {
      const { body } = await app.call(`${agent.path}/runs/${answer.body.id}`);
      expect(body).toMatchObject({ status: 'passed', endedAt: expect.any(String) });
    });
  });

  it('works on four at once, has more wait their turn, and is busy meanwhile', async () => {
    const slow = await running({ systemPrompt: '<% const end = Date.now() + 400; while (Date.now() < end); %>slow' });
    const answers = await Promise.all(
      Array.from({ length: 7 }, async (_, index) => prompt(slow, `${index}`, { prefer: 'respond-async' })),
    );
    expect(answers.filter(({ body }) => body.status === 'queued')).toHaveLength(3);
    expect((await app.call(slow.path)).body.status).toBe('busy');
    await eventually(async () => {
      const { body } = await app.call(`${slow.path}/runs`);
      expect(itemsOf(body).map(({ status }) => status)).toEqual(Array(7).fill('passed'));
    });
    expect((await app.call(slow.path)).body.status).toBe('idle');
  });

  it.each([
    ['throws', '<% throw new Error("no") %>', 'PROMPT_RENDER_FAILED'],
    ['is no EJS', '<% if ( %>', 'PROMPT_RENDER_FAILED'],
    ['exits', '<% process.exit(0) %>', 'PROMPT_RENDER_FAILED'],
    ['loops', '<% for (;;); %>', 'PROMPT_RENDER_TIMEOUT'],
  ])('fails, and nothing else does, when the system prompt %s', async (_, systemPrompt, code) => {
    const bad = await running({ systemPrompt });
    const { pid } = (await app.call(bad.path)).body;
    const answer = await prompt(bad, 'hi');
    expect([answer.status, answer.body]).toMatchObject([200, { status: 'failed', output: null, error: { code } }]);
    expect((await app.call(bad.path)).body).toMatchObject({ status: 'idle', pid, lifecycle: { state: 'running' } });
  });

  it('names a provider that is not known', async () => {
    const answer = await prompt(await running({ provider: 'nobody' }), 'hi');
    expect(answer.body).toMatchObject({ status: 'failed', error: { code: 'PROVIDER_UNKNOWN' } });
  });

  it('refuses work for what does not run, and makes no run of it', async () => {
    const idle = await agentOf(app);
    const answer = await prompt(idle, 'hi');
    expect([answer.status, answer.body.code]).toEqual([409, 'AGENT_NOT_RUNNING']);
    expect((await app.call(`${idle.path}/runs`)).body).toEqual({ items: [], nextCursor: null });
  });

  it('lists runs newest first, page by page, each agent its own', async () => {
    const other = await running();
    const ids: string[] = [];
    for (const input of ['one', 'two', 'three']) ids.unshift((await prompt(other, input)).body.id as string);
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await app.call(`${other.path}/runs?limit=2${cursor}`);
      seen.push(...itemsOf(body).map(({ id }) => id));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect([...seen].sort()).toEqual([...ids].sort());
    expect(seen).toEqual([...seen].sort().reverse());
    expect((await app.call(`${agent.path}/runs/${ids[0]}`)).status).toBe(404);
  });

  it('says what is wrong with a request', async () => {
    for (const body of [
      {},
      { type: 'exec', input: 'x' },
      { type: 'prompt' },
      { type: 'prompt', input: '' },
      { type: 'prompt', input: 7 },
      { type: 'prompt', input: 'x'.repeat(256 * 1024 + 1) },
      { type: 'prompt', input: 'x', mood: 'good' },
    ]) {
      expect((await run(agent, body)).body).toMatchObject({ status: 422, code: 'VALIDATION_FAILED' });
    }
    expect((await prompt(agent, 'x'.repeat(256 * 1024))).status).toBe(200);
  });

  it('replays a run for the same idempotency key', async () => {
    const first = await prompt(agent, 'once', { 'idempotency-key': 'run-once' });
    const again = await prompt(agent, 'once', { 'idempotency-key': 'run-once' });
    expect([again.status, again.body.id]).toEqual([first.status, first.body.id]);
  });

  it('tells a run whose agent is stopped under it', async () => {
    const slow = await running({ systemPrompt: '<% const end = Date.now() + 1500; while (Date.now() < end); %>slow' });
    const asked = prompt(slow, 'hi');
    await eventually(async () => {
      expect((await app.call(slow.path)).body.status).toBe('busy');
    });
    await app.database.db
      .collection('agent_instances')
      .findOne({ _id: new ObjectId(slow.id) })
      .then((record) => process.kill(record?.['pid'] as number, 'SIGKILL'));
    expect((await asked).body).toMatchObject({ status: 'failed', error: { code: 'AGENT_UNREACHABLE' } });
    await eventually(async () => {
      expect((await app.call(slow.path)).body).toMatchObject({ status: 'idle', lifecycle: { state: 'running' } });
    });
  });
});
