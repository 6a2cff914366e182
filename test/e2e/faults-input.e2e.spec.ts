import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { RouteTable } from '../../src/platform/http/route-table.js';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer, type Request } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { Before } from '../support/nothing-left.js';
import { RandomJson } from '../support/random-json.js';

const BODIES_PER_ROUTE = 500;
const AT_ONCE = 20;
const CHANGES = ['POST', 'PUT', 'PATCH', 'DELETE'];

/** A good body for each changing route, to make bad ones of; the others get only bodies out of nothing. */
const GOOD: Record<string, unknown> = {
  'POST /api/v1/tenants': { name: 'research' },
  'POST /api/v1/api-keys': { name: 'pipeline', role: 'viewer', expiresAt: '2099-01-01T00:00:00Z' },
  'POST /api/v1/projects/:id/role-assignments': {
    role: 'developer',
    templateId: '0'.repeat(24),
    tags: ['a'],
    templateVersion: 1,
  },
  'POST /api/v1/projects': {
    name: 'Web App',
    slug: 'web-app',
    description: 'The shop',
    roleAssignments: [{ role: 'developer', templateId: '0'.repeat(24), displayName: 'Ada', tags: ['a'] }],
  },
  'PATCH /api/v1/projects/:id': { name: 'Web App', description: 'The shop' },
  'PATCH /api/v1/projects/:projectId/agents/:id': {
    soul: 'Patient.',
    aieos_identity: { identity: { names: { first: 'Ada' } } },
    displayName: 'Ada',
    tags: ['a'],
  },
  'POST /api/v1/projects/:projectId/agents/:id/actions': { action: 'scale', replicas: 2 },
  'POST /api/v1/projects/:projectId/agents/:id/snapshots': { target: 'archive', reason: 'Before' },
  'POST /api/v1/projects/:projectId/agents/:id/snapshots/:snapshotId/restore': { reason: 'It went wrong' },
  'POST /api/v1/projects/:projectId/agents/:id/snapshots/:snapshotId/fork': {
    role: 'tester',
    displayName: 'Ada',
    reason: 'To try it',
  },
  'POST /api/v1/projects/:projectId/agents/:id/terminals': {
    command: ['/bin/sh'],
    cols: 80,
    rows: 24,
    cwd: '.',
    env: { EDITOR: 'vi' },
  },
  'POST /api/v1/projects/:projectId/agents/:id/mcp': { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} },
  'POST /api/v1/projects/:projectId/agents/:id/runs': { type: 'prompt', input: 'Hello' },
  'POST /api/v1/agent/spawn': {
    agent_config: { name: 'demo', profile: 'personal', template: 'unknown', project: 'unknown', metadata: { a: 1 } },
    signed_manifest: { manifest: {}, signature: '' },
  },
  'POST /api/v1/agent/:id/action': { action: 'pause' },
  'POST /api/v1/agent/:id/sandbox/run': { command: 'ls', cwd: '.', env: { A: 'b' }, stdin: '', timeout_seconds: 5 },
  'POST /api/v1/agent/templates': {
    name: 'developer',
    display_name: 'Developer',
    system_prompt: 'You are <%= soul %>.',
    config: { provider: 'echo', model: 'any', can_write_code: true, mcp_servers: [{ name: 'x', command: 'y' }] },
    manifest: { resources: { cpus: 1 } },
  },
  'POST /api/v1/projects/:projectId/agents/:id/files/folders': { path: '/workspace/notes' },
  'PUT /api/v1/projects/:projectId/secrets/:name': { value: 'open sesame', encoding: 'utf-8' },
  'PUT /api/v1/secrets/:name': { value: 'b3Blbg==', encoding: 'base64' },
  'PUT /api/v1/projects/:projectId/quota': { instances: 50, replicas: 20, cpus: 8, memoryMiB: 16384, runs: 10 },
  'PUT /api/v1/tenants/:id/quota': { instances: 50, replicas: 20, cpus: 8, memoryMiB: 16384, runs: 10 },
};
const TEMPLATE = {
  role: 'developer',
  displayName: 'Developer',
  description: 'Writes',
  tags: ['a'],
  labels: ['b'],
  soul: 'Patient.',
  aieos_identity: { standard: { protocol: 'AIEOS' } },
  systemPrompt: 'You are <%= soul %>.',
  tools: ['fs__file__read', { shell__execute: { allowlist: { ls: true } } }],
  config: {
    provider: 'echo',
    model: 'any',
    skills: '',
    canWriteCode: true,
    mcpServers: [{ name: 'x', command: 'y', args: ['z'] }],
  },
  manifest: { image: 'muster/agent', resources: { cpus: 1, memoryMiB: 256 }, gracePeriodSeconds: 1 },
  extensions: { 'x-a': { b: 1 } },
};
GOOD['POST /api/v1/templates'] = { name: 'developer', ...TEMPLATE };
GOOD['PUT /api/v1/templates/:id'] = TEMPLATE;
GOOD['PATCH /api/v1/templates/:id'] = TEMPLATE;
GOOD['POST /api/v1/templates/import'] = {
  apiVersion: 'daemon/v1',
  kind: 'Agent',
  metadata: { name: 'developer', model: 'echo:any', tools: ['a'] },
  spec: { system_prompt: 'Write.', soul: 'Patient.', aieos_identity: { a: 1 }, tools: ['b'] },
};

describe('bad input', () => {
  let before: Before;
  let app: TestApp;
  let agent: TestAgent;
  let templateId: string;

  beforeAll(async () => {
    before = await Before.on();
    app = await TestApp.start({ LOG_LEVEL: 'silent', SNAPSHOTS_PER_AGENT: '1' });
    agent = await agentOf(app);
    templateId = (await app.call(agent.path)).body.templateId;
  });

  afterAll(async () => {
    await destroyAll(app);
    await before.expectNothingLeft(app);
  }, 180_000);

  afterAll(async () => {
    await app.stop();
  });

  const routes = (): string[] =>
    app.app
      .get(RouteTable)
      .all()
      // A renewal could end the agent that all others are about.
      .filter(({ method, url }) => CHANGES.includes(method) && !url.endsWith('/renew'))
      .map(({ method, url }) => `${method} ${url}`);

  const pathOf = (url: string): string =>
    url
      .replace('/api/v1', '')
      .replace(/:(version|revision)\b/, '1')
      .replace(':projectId', agent.projectId)
      .replace(':snapshotId', '0'.repeat(24))
      .replace(':name', 'a-secret')
      .replace(
        /:id\b/,
        url.includes('/templates/')
          ? templateId
          : url.includes('/agents/') || url.includes('/agent/')
            ? agent.id
            : agent.projectId,
      );

  /** Every refusal says what is wrong; only a full outbox may ask to try again, and the process runtime has not everything. */
  function expectClear(answer: Answer, about: unknown): void {
    const { status, body } = answer;
    const isOfServer = body?.code === 'OUTBOX_FULL' || body?.code === 'RUNTIME_UNSUPPORTED';
    const isClear = status < 300 || (status < 500 && typeof body?.code === 'string') || isOfServer;
    expect([about, status, body?.code, isClear]).toEqual([about, status, body?.code, true]);
    if (status === 422 && body.code === 'VALIDATION_FAILED') {
      expect([about, (body.errors as unknown[]).length > 0]).toEqual([about, true]);
      for (const fault of body.errors)
        expect(fault).toEqual({ pointer: expect.any(String), detail: expect.any(String) });
    }
  }

  async function each(count: number, ask: (seed: number) => Promise<void>): Promise<void> {
    let seed = 0;
    const worker = async (): Promise<void> => {
      while (seed < count) await ask(seed++);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  it('has a good body for every route that takes one', () => {
    const bodiless = ['DELETE', '/revisions/', '/cancel', '/files/content', '/files/archive'];
    const wanting = routes().filter((route) => !bodiless.some((word) => route.includes(word)));
    expect(wanting.filter((route) => !(route in GOOD))).toEqual([]);
  });

  it('of any shape is refused or taken, by every route that changes something, and never breaks it', async () => {
    for (const route of routes().filter((candidate) => !candidate.startsWith('DELETE'))) {
      const [method, url] = route.split(' ') as [NonNullable<Request['method']>, string];
      const kinds = new Set<string>();
      await each(BODIES_PER_ROUTE, async (seed) => {
        const body = new RandomJson(seed).text(GOOD[route] ?? {});
        const type = seed % 3 === 0 && method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
        const headers = {
          'content-type': type,
          prefer: 'respond-async',
          ...(seed % 2 === 0 ? {} : { 'idempotency-key': `${method}-${seed}` }),
        };
        const answer = await app.call(pathOf(url), { method, body, headers });
        expectClear(answer, [route, seed]);
        kinds.add((answer.body?.code as string | undefined) ?? 'taken');
      });
      if (!(route in GOOD)) continue;
      // They reached the route's own checks.
      expect([route, [...kinds]]).toEqual([route, expect.arrayContaining(['MALFORMED_REQUEST'])]);
      expect([route, kinds.has('VALIDATION_FAILED') || kinds.has('TEMPLATE_FILE_INVALID'), kinds.size > 2]).toEqual([
        route,
        true,
        true,
      ]);
    }
    expect((await app.call('//healthz')).status).toBe(200);
    expect((await app.call(agent.path)).status).toBe(200);
  }, 300_000);

  it('in template files is refused or taken, and never breaks the import', async () => {
    const file = await readFile('samples/team/developer.yaml', 'utf8');
    await each(BODIES_PER_ROUTE, async (seed) => {
      const body = new RandomJson(seed).damaged(file);
      const answer = await app.call('/templates/import?onConflict=version', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/yaml' },
      });
      expectClear(answer, ['YAML', seed]);
    });
  }, 120_000);

  it.each([
    'limit[constructor]=1', '__proto__=1', 'constructor=1', 'toString=1&limit=2', 'limit=1&limit=2', 'cursor[$ne]=x', 'cursor=%00', 'limit=1e400',
    'cursor=%ff', '%f0%28%8c%28=1', 'limit=', 'cursor=', 'since=2026-W05', 'tail=NaN&follow=2', `cursor=${'a'.repeat(5000)}`, '&&&', '=',
  ])('in queries is refused or taken: %s', async (query) => {
    for (const { method, url } of app.app.get(RouteTable).all().filter((route) => route.method === 'GET')) {
      // A stream that is taken has no end.
      if (url.startsWith('/docs') || !url.startsWith('/api') || url === '/api/v1/events') continue;
      expectClear(await app.call(`${pathOf(url).replace(/:(runId|terminalId)/, '0'.repeat(24))}?${query}`), [method, url, query]);
    }
  }); // prettier-ignore

  it.each([
    ['if-match', '"99999999999999999999"'], ['if-match', '""'], ['if-match', '\u00ff'], ['prefer', 'wait=1e9'], ['prefer', 'wait=-1'],
    ['prefer', 'wait=0, wait=1;x="'], ['idempotency-key', ' '], ['idempotency-key', '\u00ff'], ['content-type', 'application/json; charset=utf-16'],
    ['content-type', ''], ['content-type', 'application/json;'], ['content-disposition', 'attachment; filename*=utf-8\'\'%zz'],
    ['authorization', 'Basic eDp5'], ['authorization', 'Bearer muster_0_0_0'], ['x-request-id', 'a'.repeat(9000)], ['if-none-match', '"'],
  ])('in the header %s is refused or taken: %j', async (header, value) => {
    for (const route of routes()) {
      const [method, url] = route.split(' ') as [NonNullable<Request['method']>, string];
      const path = method === 'DELETE' ? url.replace('/api/v1', '').replaceAll(/:\w+/g, '0'.repeat(24)) : pathOf(url);
      // No member is known by any route: nothing is made.
      const answer = await app.call(path, { method, body: '{"nothing":1}', headers: { prefer: 'respond-async', [header]: value } });
      expectClear(answer, [route, header, value]);
    }
  }); // prettier-ignore

  it('of a nesting that would exhaust the stack is a fault of the body, with an Idempotency-Key too', async () => {
    const deep = `{"soul":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    for (const headers of [{}, { 'idempotency-key': 'deep' }] as Record<string, string>[]) {
      const answer = await app.call(agent.path, { method: 'PATCH', body: deep, headers });
      expect([answer.status, answer.body.code]).toEqual([422, 'VALIDATION_FAILED']);
      expect(answer.body.errors[0].detail).toContain('nested deeper');
    }
  });

  it("keeps members named like Object's own, and refuses those that are no property", async () => {
    const aieos_identity = JSON.parse('{"constructor":{"name":1},"toString":[null],"then":{"valueOf":""}}') as object;
    const edited = await app.call(agent.path, { method: 'PATCH', body: { aieos_identity } });
    expect([edited.status, edited.body.aieos_identity]).toEqual([200, aieos_identity]);
    const seat = { role: 'developer', templateId, toString: 1, constructor: { name: {} } };
    const refused = await app.call('/projects', { method: 'POST', body: { name: 'x', roleAssignments: [seat] } });
    expect(refused).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED' } });
    expect((refused.body.errors as { pointer: string }[]).map(({ pointer }) => pointer).sort()).toEqual([
      '/roleAssignments/0/constructor',
      '/roleAssignments/0/toString',
    ]);
  });
});
