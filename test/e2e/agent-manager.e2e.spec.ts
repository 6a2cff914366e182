import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestApp, type Answer } from '../support/app.js';
import { AGENT_BUNDLE } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { Scrape } from '../support/scrape.js';

const hasCurl = spawnSync('curl', ['--version']).status === 0;
const needsCurl = hasCurl ? it : it.skip;

describe('the agent-manager surface', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ AGENT_BUNDLE, MUSTER_DEV_NO_AUTH: '1' });
  });

  afterAll(async () => {
    const { body } = await app.call('/projects');
    for (const { id } of body.items as { id: string }[]) await app.call(`/projects/${id}`, { method: 'DELETE' });
    await eventually(async () => {
      expect(await app.database.db.collection('agent_instances').countDocuments({ removedAt: null })).toBe(0);
    });
    await app.stop();
  });

  const spawn = (config: object, more: object = {}, headers: Record<string, string> = {}): Promise<Answer> =>
    app.call('/agent/spawn', {
      method: 'POST',
      body: { agent_config: { name: 'demo', profile: 'personal', ...config }, ...more },
      headers,
    });
  const act = (id: string, body: object, key?: string): Promise<Answer> =>
    app.call(`/agent/${id}/action`, { method: 'POST', body, ...(key === undefined ? {} : { key }) });
  const status = async (id: string): Promise<any> => (await app.call(`/agent/${id}/status`)).body;
  const running = async (id: string): Promise<any> =>
    eventually(async () => {
      const shown = await status(id);
      expect(shown.status).toBe('running');
      return shown;
    });

  needsCurl("takes the seed's own curl line, without a key", async () => {
    const line = `curl -s -o - -w '\\n%{http_code}' -X POST ${app.url}/api/v1/agent/spawn \\
  -H 'Content-Type: application/json' \\
  -d '{"agent_config":{"name":"demo","profile":"personal","metadata":{"owner":"ryan"}}}'`;
    const { stdout } = await promisify(execFile)('bash', ['-c', line]);
    const [body = '', code] = stdout.split('\n');
    expect([code, JSON.parse(body)]).toEqual([
      '201',
      { ok: true, agent_id: expect.stringMatching(/^[0-9a-f]{24}$/), status: 'initializing' },
    ]);
    const { agent_id } = JSON.parse(body) as { agent_id: string };
    expect(await running(agent_id)).toMatchObject({
      ok: true,
      agent_id,
      name: 'demo',
      identifier: expect.stringMatching(/^default-agent-\d+$/),
      profile: 'personal',
      metadata: { owner: 'ryan' },
      manifest_digest: null,
      activity: 'idle',
      replicas: 1,
      error: null,
    });
  });

  it('makes one default project and one built-in template, however many spawn at once', async () => {
    const { body: tenant } = await app.call('/tenants', { method: 'POST', body: { name: 'burst' } });
    const { key } = tenant.adminKey as { key: string };
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        app.call('/agent/spawn', {
          method: 'POST',
          body: { agent_config: { name: `agent ${n}`, profile: 'personal' } },
          key,
        }),
      ),
    );
    expect(answers.map(({ status: code }) => code)).toEqual(Array<number>(8).fill(201));
    expect(new Set(answers.map(({ body }) => body.agent_id)).size).toBe(8);
    const projects = (await app.call('/projects', { key })).body.items as { id: string; slug: string }[];
    expect(projects.map(({ slug }) => slug)).toEqual(['default']);
    const templates = (await app.call('/agent/templates', { key })).body.templates as { name: string }[];
    expect(templates.map(({ name }) => name)).toEqual(['muster-agent']);
    await app.call(`/projects/${projects[0]!.id}`, { method: 'DELETE', key });
  });

  it('feeds the spawn duration, and the uptime', async () => {
    const count = async (): Promise<number> =>
      (await Scrape.of(app)).value('agent_manager_agent_spawn_duration_seconds_count');
    const before = await count();
    const { body } = await spawn({});
    await running(body.agent_id as string);
    expect(await count()).toBeGreaterThan(before);
    expect((await Scrape.of(app)).text).toContain('agent_manager_agent_uptime');
  });

  it('stops, starts and restarts, and lets an agent go', async () => {
    const { agent_id: id } = (await spawn({})).body as { agent_id: string };
    await running(id);
    expect(await act(id, { action: 'stop' })).toMatchObject({
      status: 200,
      body: { ok: true, agent_id: id, action: 'stop', status: 'stopped' },
    });
    expect((await status(id)).uptime_seconds).toBe(0);
    expect(await act(id, { action: 'start' })).toMatchObject({ status: 200, body: { status: 'running' } });
    expect(await act(id, { action: 'restart' })).toMatchObject({ status: 200, body: { status: 'running' } });
    expect(await act(id, { action: 'scale', replicas: 2 })).toMatchObject({ status: 200, body: { status: 'running' } });
    expect(await act(id, { action: 'unregister', replicas: 2 })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/replicas' }] },
    });
    expect(await act(id, { action: 'fly' })).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED' } });
    const { key } = (await app.call('/api-keys', { method: 'POST', body: { name: 'op', role: 'operator' } })).body;
    expect(await act(id, { action: 'unregister' }, key as string)).toMatchObject({
      status: 403,
      body: { code: 'FORBIDDEN', details: { permission: 'projects:write' } },
    });
    expect((await act(id, { action: 'unregister' })).body).toMatchObject({ ok: true, action: 'unregister' });
    await eventually(async () => {
      expect((await app.call(`/agent/${id}/status`)).status).toBe(404);
    });
  });

  it('queues a sandbox run, which passes', async () => {
    const { agent_id: id } = (await spawn({})).body as { agent_id: string };
    await running(id);
    const queued = await app.call(`/agent/${id}/sandbox/run`, { method: 'POST', body: { input: 'Who are you?' } });
    expect(queued).toMatchObject({ status: 202, body: { ok: true, agent_id: id, run_id: expect.any(String) } });
    await eventually(async () => {
      const { body } = await app.call(queued.headers.get('location')!.replace('/api/v1', ''));
      expect(body).toMatchObject({ id: queued.body.run_id, status: 'passed' });
    });
    const faults = async (body: object): Promise<unknown> =>
      ((await app.call(`/agent/${id}/sandbox/run`, { method: 'POST', body })).body.errors as { pointer: string }[]).map(
        ({ pointer }) => pointer,
      );
    expect(await faults({})).toEqual(['']);
    expect(await faults({ input: 'a', cwd: '.', timeout_seconds: 3 })).toEqual(['/cwd', '/timeout_seconds']);
    expect(await faults({ command: [], timeout_seconds: 0, timeoutSeconds: 1 })).toEqual(
      expect.arrayContaining(['/command', '/timeout_seconds', '/timeoutSeconds']),
    );
  });

  it('makes templates, and spawns from them by name in a project by slug', async () => {
    const body = { name: 'greeter', display_name: 'Greeter', role: 'developer', system_prompt: 'Greet.' };
    const made = await app.call('/agent/templates', {
      method: 'POST',
      body: { ...body, config: { provider: 'echo', model: 'any', can_write_code: true } },
    });
    expect(made).toMatchObject({ status: 201, body: { ok: true, template: { name: 'greeter', version: 1 } } });
    expect((await app.call(`/templates/${made.body.template.id}`)).body).toMatchObject({
      displayName: 'Greeter',
      systemPrompt: 'Greet.',
      config: { canWriteCode: true },
    });
    expect((await app.call('/agent/templates', { method: 'POST', body })).body).toMatchObject({ code: 'NAME_TAKEN' });
    await app.call('/projects', { method: 'POST', body: { name: 'Shop', roleAssignments: [] } });
    const { agent_id: id } = (await spawn({ template: 'greeter', project: 'shop' })).body as { agent_id: string };
    expect(await status(id)).toMatchObject({ identifier: 'shop-dev-1', template: { id: made.body.template.id } });
  });

  it('tells every fault at once', async () => {
    const answer = await app.call('/agent/spawn', {
      method: 'POST',
      body: { agent_config: { profile: 'x', metadata: 1, agentName: 'y' }, signed_manifest: 5 },
    });
    expect([answer.status, answer.body.code]).toEqual([422, 'VALIDATION_FAILED']);
    const pointers = (answer.body.errors as { pointer: string }[]).map(({ pointer }) => pointer);
    expect(pointers.sort()).toEqual([
      '/agent_config/agentName',
      '/agent_config/metadata',
      '/agent_config/name',
      '/agent_config/profile',
      '/signed_manifest',
    ]);
    const unknown = await spawn({ template: 'nobody', project: 'nowhere' });
    expect((unknown.body.errors as { pointer: string }[]).map(({ pointer }) => pointer)).toEqual([
      '/agent_config/template',
      '/agent_config/project',
    ]);
  });

  it('repeats its answer for an Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'spawn-once' };
    const [first, second] = [await spawn({}, {}, headers), await spawn({}, {}, headers)];
    expect([second.status, second.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    expect(second.body).toEqual(first.body);
  });

  it('refuses what goes beyond a quota, and makes nothing', async () => {
    const { body: tenant } = await app.call('/tenants', { method: 'POST', body: { name: 'poor' } });
    await app.call(`/tenants/${tenant.id}/quota`, { method: 'PUT', body: { replicas: 0 } });
    const { key } = tenant.adminKey as { key: string };
    const body = { agent_config: { name: 'demo', profile: 'personal' } };
    const refused = await app.call('/agent/spawn', { method: 'POST', body, key });
    expect([refused.status, refused.body.code]).toEqual([429, 'QUOTA_EXCEEDED']);
    const { items } = (await app.call('/projects', { key })).body as { items: { roleAssignments: unknown[] }[] };
    expect(items.flatMap(({ roleAssignments }) => roleAssignments)).toEqual([]);
  });
});
