import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { agentOf } from '../support/agent-team.js';
import { ADMIN_KEY, TestApp } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { AGENT_BUNDLE, AGENT_IMAGE, ENGINE_HOST, engineMissing } from '../support/engine.js';
import { saidInside } from '../support/inside-container.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const hasCurl = spawnSync('curl', ['--version']).status === 0;
const needsCurl = hasCurl ? it : it.skip;
const needsEngine = hasCurl && engineMissing === null ? it : it.skip;

describe('the guides show commands that work, in their order (skipped where there is no curl)', () => {
  let app: TestApp;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    [app, folder] = await Promise.all([TestApp.start({ AGENT_BUNDLE }), temporaryFolder()]);
  });
  afterAll(async () => {
    await app.stop();
    await folder.remove();
  });

  /** Runs every command of a guide as one script, which ends at the first that fails; returns what they print. */
  async function follow(guide: string, env: Record<string, string> = {}): Promise<string> {
    const text = readFileSync(`docs/guides/${guide}.md`, 'utf8');
    const commands = [...text.matchAll(/^```bash\n(.*?)^```$/gms)].map((match) => match[1]).join('\n');
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', commands], {
      cwd: folder.path,
      env: { PATH: process.env['PATH'], TMPDIR: folder.path, MUSTER: `${app.url}/api/v1`, KEY: ADMIN_KEY, ...env },
    });
    return stdout;
  }

  needsCurl('templates', async () => {
    await follow('templates');
    const { body } = await app.call('/templates');
    const made = (body.items as { name: string; version: number }[]).map(({ name, version }) => `${name}@${version}`);
    expect(made.sort()).toEqual(['docs-writer@4', 'researcher@1']);
  });

  needsCurl('manifest', async () => {
    await follow('manifest');
    const { body } = await app.call('/templates');
    const types = (body.items as { name: string }[]).map(({ name }) => name);
    expect(types).toEqual(expect.arrayContaining(['an-agent', 'a-service', 'a-tool', 'a-workbench']));
  });

  needsEngine(
    'manifest: an agent of each type runs',
    async () => {
      const docker = await TestApp.start({
        RUNTIME: 'docker',
        DOCKER_HOST: ENGINE_HOST,
        AGENT_IMAGE,
        EGRESS_ALLOW: '["api.example.org:443", "*.example.com:443"]',
      });
      try {
        await follow('manifest', { MUSTER: `${docker.url}/api/v1` });
        const templates = (await docker.call('/templates')).body.items as { id: string; name: string }[];
        const names = [
          ...['an-agent', 'a-service', 'a-tool', 'a-workbench', 'a-watched-service'],
          ...['a-reader', 'a-colleague', 'a-colleague'],
        ];
        const seats = names.map((name) => ({
          role: 'developer',
          templateId: templates.find((template) => template.name === name)?.id,
        }));
        const { body } = await docker.call('/projects', {
          method: 'POST',
          body: { name: 'types', roleAssignments: seats },
        });
        const agents: { path: string; container: string; identifier: string }[] = [];
        for (const { instanceId } of body.roleAssignments as { instanceId: string }[]) {
          const path = `/projects/${body.id as string}/agents/${instanceId}`;
          const started = await docker.call(`${path}/actions`, {
            method: 'POST',
            body: { action: 'start' },
            headers: { prefer: 'wait=90' },
          });
          expect([started.body.identifier, started.status, started.body.state]).toEqual([
            expect.anything(),
            200,
            'running',
          ]);
          const { identifier, containerId: container } = started.body as { identifier: string; containerId: string };
          agents.push({ path, container, identifier });
        }
        const [, service, tool, , watched, reader, one, other] = agents;
        const portOf = async (path: string): Promise<number> =>
          (await docker.call(`${path}/lifecycle`)).body.ports[0].hostPort as number;
        const page = await fetch(`http://127.0.0.1:${await portOf(service!.path)}/`);
        expect(await page.text()).toBe('hello');
        const run = await docker.call(`${tool!.path}/runs`, {
          method: 'POST',
          body: { type: 'exec', command: ['/code/tool'] },
        });
        expect(run.body).toMatchObject({ status: 'passed', stdout: 'hello\n' });
        // A name that it may reach is one of its own loopback's, whoever is there; any other there is not.
        const asked = async (name: string): Promise<string> =>
          saidInside(reader!.container, `require('dns').lookup('${name}', (e, a) => console.log(e?.code ?? a))`);
        expect(await asked('api.example.org')).toMatch(/^127\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./);
        expect(await asked('docs.example.com')).toMatch(/^127\./);
        expect(await asked('example.net')).toBe('ENOTFOUND');
        const call = `fetch('http://${other!.identifier}:8080/').then((r) => r.text()).then(console.log, (e) => console.log(e.cause?.code))`;
        expect(await saidInside(one!.container, call)).toBe('hello');
        expect(await saidInside(reader!.container, call)).toBe('ENOTFOUND');
        expect(
          await saidInside(watched!.container, `fetch('http://127.0.0.1:8080/').then((r) => console.log(r.status))`),
        ).toBe('200');
        await destroyAll(docker);
      } finally {
        await docker.stop();
      }
    },
    180_000,
  );

  needsCurl('projects', async () => {
    await follow('projects');
    const project = await app.database.db.collection('projects').findOne({ slug: 'guide-shop' });
    expect(project?.['archivedAt']).toBeInstanceOf(Date);
    const [ada] = project?.['roleAssignments'] as { instanceId: unknown }[];
    const { revision, soul } = (await app.database.db
      .collection('agent_instances')
      .findOne({ _id: ada?.instanceId as never })) as unknown as { revision: number; soul: string };
    expect([revision, soul]).toEqual([4, 'I write the test first.']);
  });

  needsCurl('event-log', async () => {
    const said = await follow('event-log');
    expect(said).toContain('"type":"tenant.created"');
    expect(said).toContain('retry: 2000\nid: 0\n\nid: 1\ndata: {"seq":1,');
  });

  needsCurl('monitoring', async () => {
    expect(await follow('monitoring')).toContain('agent_manager_agents{state="running"} ');
  });

  needsCurl('files', async () => {
    const agent = await agentOf(app);
    await app.call(`${agent.path}/actions`, { method: 'POST', body: { action: 'start' } });
    const said = await follow('files', { AGENT: agent.path.slice(1) });
    expect(said).toContain('Buy milk.milk');
    expect(said).toContain('<h1>Hello</h1>');
    await app.call(`${agent.path}/actions`, { method: 'POST', body: { action: 'destroy' } });
  });

  needsCurl('lifecycle', async () => {
    const agent = await agentOf(app);
    const said = await follow('lifecycle', { AGENT: agent.path.slice(1) });
    expect(said).toContain('"output":"echo: Who are you?"');
    await app.call(`${agent.path}/actions`, { method: 'POST', body: { action: 'destroy' } });
  });

  needsCurl('snapshots', async () => {
    const agent = await agentOf(app);
    await app.call(`${agent.path}/actions`, { method: 'POST', body: { action: 'start' } });
    const said = await follow('snapshots', { AGENT: agent.path.slice(1) });
    expect(said).toMatch(/First draft\.\s*$/);
    await app.call(`/projects/${agent.projectId}`, { method: 'DELETE' });
  });

  needsCurl('agent-manager', async () => {
    const said = await follow('agent-manager');
    expect(said).toContain('"status":"running"');
    expect(said).toContain('"run_id":');
    expect(said).toContain('SIGNED_MANIFEST_INVALID');
  });

  needsCurl('quotas', async () => {
    expect(await follow('quotas')).toMatch(/QUOTA_EXCEEDED\s*$/);
  });

  needsCurl('secrets', async () => {
    const said = await follow('secrets');
    expect(said).toContain('PRECONDITION_FAILED');
    for (const word of ['s3cr3t', 'a new one', 'too late']) expect(said).not.toContain(word);
    const left = await app.database.db
      .collection('secrets')
      .find({ sealed: { $ne: null } })
      .toArray();
    expect(left.map(({ name, version }) => `${name}@${version}`).sort()).toEqual([
      'guide/mirror@1',
      'registry.token@2',
    ]);
  });

  needsEngine('sandbox', async () => {
    const docker = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST });
    try {
      const agent = await agentOf(docker);
      const said = await follow('sandbox', { AGENT: agent.path.slice(1), MUSTER: `${docker.url}/api/v1` });
      expect(said).toContain('"stdout":"hello\\n4\\n"');
      expect(said).toContain('"status":"cancelled"');
      expect(said).toContain('event: stats');
      await docker.call(`${agent.path}/actions`, { method: 'POST', body: { action: 'destroy' } });
    } finally {
      await docker.stop();
    }
  });
});
