import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { agentOf, agentsOf, type TestAgent } from '../support/agent-team.js';
import { TestApp } from '../support/app.js';
import { AGENT_BUNDLE } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { readQuery } from '../support/promql.js';
import { Scrape } from '../support/scrape.js';

/** What a scraper adds by itself, and what buckets have. */
const ADDED = ['job', 'instance', 'le'];

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

describe('GET /metrics', () => {
  let app: TestApp;
  let other: TestApp;
  let agents: TestAgent[];
  let monitor: string;

  const act = async (agent: TestAgent, action: string, at = app): Promise<number> =>
    (await at.call(`${agent.path}/actions`, { method: 'POST', body: { action } })).status;

  beforeAll(async () => {
    app = await TestApp.start({ AGENT_BUNDLE });
    // On the same folder too: what runs there is the same agents, and neither takes them for gone.
    other = await TestApp.start({ AGENT_BUNDLE, DATA_DIR: app.dataDir }, app.database);
    monitor = (await app.call('/api-keys', { method: 'POST', body: { name: 'scraper', role: 'monitor' } })).body.key;
    agents = await agentsOf(app, { count: 2 });
    expect(await Promise.all(agents.map(async (agent) => act(agent, 'start')))).toEqual([200, 200]);
    const input = { type: 'prompt', input: 'Who are you?' };
    await app.call(`${agents[0]!.path}/runs`, { method: 'POST', body: input });
    // One that cannot start: its manifest asks for what this runtime has not.
    const broken = await agentOf(app, { manifest: { isolation: 'gvisor' } });
    expect(await act(broken, 'start')).toBeGreaterThanOrEqual(400);
    agents.push(broken);
    await app.call('/nowhere', { method: 'POST', body: {} });
  });

  afterAll(async () => {
    for (const agent of agents) await act(agent, 'destroy');
    await other.stop();
    await app.stop();
  });

  it('is for keys of the first tenant that may read it', async () => {
    const { headers } = await app.call('//metrics', { key: monitor });
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const viewer = await app.call('/api-keys', { method: 'POST', body: { name: 'viewer', role: 'viewer' } });
    const tenant = await app.call('/tenants', { method: 'POST', body: { name: 'another' } });
    const foreign = await app.call('/api-keys', {
      method: 'POST',
      body: { name: 'scraper', role: 'monitor' },
      key: tenant.body.adminKey.key,
    });
    for (const key of [viewer.body.key, foreign.body.key, tenant.body.adminKey.key] as string[]) {
      expect((await app.call('//metrics', { key })).body).toMatchObject({ code: 'FORBIDDEN' });
    }
    expect((await app.call('//metrics', { key: null })).status).toBe(401);
    expect((await app.call('/projects', { key: monitor })).status).toBe(403);
  });

  it('tells of starts, runs, steps, engine calls and requests what happened', async () => {
    const scrape = await Scrape.of(app, monitor);
    const both = await Scrape.of(other, monitor);
    const sum = (name: string, labels = {}): number => scrape.value(name, labels) + both.value(name, labels);
    expect(sum('agent_manager_agent_spawn_duration_seconds_count')).toBe(2);
    expect(sum('agent_manager_agent_spawn_duration_seconds_sum')).toBeGreaterThan(0);
    expect(sum('agent_manager_agent_transitions_total', { to: 'running', reason: 'agent-healthy' })).toBe(2);
    expect(sum('agent_manager_agent_transitions_total', { to: 'failed' })).toBeGreaterThanOrEqual(1);
    expect(sum('sandbox_run_duration_seconds_count', { type: 'prompt', status: 'passed' })).toBe(1);
    expect(sum('agent_manager_engine_call_duration_seconds_count', { call: 'create', outcome: 'ok' })).toBe(2);
    expect(sum('agent_manager_reconcile_step_duration_seconds_count', { step: 'launch', outcome: 'ok' })).toBe(2);
    const failed = scrape.all('agent_manager_reconcile_step_duration_seconds_count').concat(both.all('agent_manager_reconcile_step_duration_seconds_count')).filter(({ labels }) => labels['step'] === 'create' && labels['outcome'] !== 'ok'); // prettier-ignore
    expect(failed.map(({ labels }) => labels['outcome'])).toContain('RUNTIME_UNSUPPORTED');
    expect(sum('agent_manager_reconciles_total', { outcome: 'done' })).toBeGreaterThanOrEqual(3);
    expect(sum('agent_manager_reconcile_lag_seconds_count')).toBeGreaterThanOrEqual(3);
    expect([scrape.value('agent_manager_engine_up'), both.value('agent_manager_engine_up')]).toEqual([1, 1]);
    expect(scrape.value('agent_manager_http_request_duration_seconds_count', { route: '/api/v1/templates', status: '201' })).toBe(2); // prettier-ignore
    expect(scrape.value('agent_manager_http_request_duration_seconds_count', { route: 'none', method: 'any' })).toBe(1);
  });

  it('counts each log entry once, whoever appended it', async () => {
    await eventually(async () => {
      const [one, two] = await Promise.all([Scrape.of(app), Scrape.of(other)]);
      const appended = [one, two].reduce((sum, each) => sum + each.value('agent_manager_event_log_entries_total'), 0);
      expect(appended).toBe(await app.database.db.collection('event_log').countDocuments());
      expect(one.all('agent_manager_outbox_documents').map(({ labels }) => labels['subject']).sort()).toEqual([
        'agent-instance', 'agent-snapshot', 'api-key', 'mcp-session', 'project', 'quota', 'run', 'secret', 'template', 'tenant', 'terminal',
      ]); // prettier-ignore
      expect(one.value('agent_manager_outbox_documents')).toBe(0);
      expect(one.value('agent_manager_outbox_oldest_seconds')).toBe(0);
    });
  });

  it('tells the same of what is shared, whichever process is asked', async () => {
    for (const scrape of [await Scrape.of(app), await Scrape.of(other)]) {
      expect(scrape.value('agent_manager_agents', { state: 'running' })).toBe(2);
      expect(scrape.value('agent_manager_agents', { state: 'failed' })).toBe(1);
      expect(scrape.value('agent_manager_agents')).toBe(3);
      expect(scrape.value('agent_manager_replicas', { state: 'running' })).toBe(2);
      const [shortest, mean, longest] = ['shortest', 'mean', 'longest'].map((stat) =>
        scrape.value('agent_manager_agent_uptime_seconds', { stat }),
      );
      expect(shortest).toBeGreaterThan(0);
      expect(mean).toBeGreaterThanOrEqual(shortest!);
      expect(longest).toBeGreaterThanOrEqual(mean!);
    }
  });

  it('names no tenant, no agent and no text, and keeps to few label values', async () => {
    const { text, samples } = await Scrape.of(app);
    const projects = agents.map(({ projectId }) => projectId);
    for (const secret of [...projects, ...agents.map(({ id }) => id), monitor, 'Who are you?', 'Ada'])
      expect(text).not.toContain(secret);
    expect(text).not.toMatch(/[0-9a-f]{24}/);
    expect(samples.length).toBeLessThan(2_000);
    const declared = (await Scrape.of(other)).text.match(/^# HELP (?!agent_manager_|sandbox_|process_|nodejs_).*/gm);
    expect(declared).toBeNull();
  });

  it('leaves out what the database does not tell, and tells the rest', async () => {
    const name = 'agent_manager_agents';
    const { FleetCensus } = await import('../../src/domain/telemetry/fleet-census.js');
    const census = other.app.get(FleetCensus, { strict: false });
    const take = census.take.bind(census);
    census.take = async () => Promise.reject(new Error('away'));
    try {
      await eventually(async () => {
        const scrape = await Scrape.of(other);
        expect(scrape.all(name)).toEqual([]);
        expect(scrape.all('agent_manager_reconcile_due_agents')).toEqual([]);
        expect(scrape.value('agent_manager_metrics_read_failures_total', { metric: name })).toBeGreaterThan(0);
        expect(scrape.value('agent_manager_engine_up')).toBe(1);
      });
    } finally {
      census.take = take;
    }
    await eventually(async () => {
      expect((await Scrape.of(other)).value(name, { state: 'running' })).toBe(2);
    });
  });

  describe('is all that is asked for by', () => {
    const { panels } = JSON.parse(readFileSync('docs/monitoring/grafana-dashboard.json', 'utf8')) as Dashboard;
    const { groups } = parse(readFileSync('docs/monitoring/alerts.yaml', 'utf8')) as Rules;
    const queries = [
      ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [`the panel ${title}`, expr] as const)),
      ...groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => [`the alert ${alert}`, expr] as const)),
    ];

    it.each(queries)('%s', async (_where, expression) => {
      const scrapes = [await Scrape.of(app), await Scrape.of(other)];
      const { series, grouping } = readQuery(expression);
      expect(series.length).toBeGreaterThan(0);
      const known = new Set(ADDED);
      for (const { name, labels } of series) {
        // Prometheus makes this one.
        if (name === 'up') continue;
        expect([name, scrapes[0]!.metricOf(name)]).toEqual([name, expect.any(String)]);
        const samples = scrapes.flatMap((scrape) => scrape.all(name));
        expect([name, samples.length > 0]).toEqual([name, true]);
        const here = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
        for (const label of here) known.add(label);
        expect(labels.filter((label) => !here.has(label) && !ADDED.includes(label))).toEqual([]);
      }
      expect(grouping.filter((label) => !known.has(label))).toEqual([]);
    });
  });
});
