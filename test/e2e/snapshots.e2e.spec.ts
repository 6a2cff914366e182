import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { open, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentFilesCalls } from '../support/agent-files.js';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { describeEngine, engine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';

const AGENT_UID = 1000;
const MIB = 1024 * 1024;

describeEngine('snapshots of agents, on the engine', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST, SNAPSHOTS_PER_AGENT: '3' });
  });

  afterEach(async () => {
    const projects = await app.call('/projects?limit=200');
    for (const { id } of projects.body.items) await app.call(`/projects/${id}`, { method: 'DELETE' });
    await eventually(async () => {
      expect(await app.database.db.collection('agent_instances').countDocuments({ removedAt: null })).toBe(0);
    });
  });

  afterAll(async () => {
    for (const { _id } of await app.database.db.collection('agent_snapshots').find({ target: 'image' }).toArray()) {
      await engine
        .getImage(`muster/snapshot:${_id.toHexString()}`)
        .remove()
        .catch(() => undefined); // deleted by the test itself
    }
    await app.stop();
  });

  const workspaceOf = ({ projectId, id }: TestAgent): string =>
    join(app.dataDir, 'artifacts', projectId, 'workspaces', id);
  const archiveOf = (id: unknown): string => join(app.dataDir, 'snapshots', `${String(id)}.tar`);
  const act = (agent: TestAgent, action: string): Promise<Answer> =>
    app.call(`${agent.path}/actions`, { method: 'POST', body: { action } });
  const stateOf = async (agent: TestAgent): Promise<string> =>
    (await app.call(`${agent.path}/lifecycle`)).body.state as string;
  const take = (agent: TestAgent, body: object = { target: 'archive' }): Promise<Answer> =>
    app.call(`${agent.path}/snapshots`, { method: 'POST', body });
  const use = (
    agent: TestAgent,
    id: unknown,
    what: 'restore' | 'fork',
    body: object = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> => app.call(`${agent.path}/snapshots/${String(id)}/${what}`, { method: 'POST', body, headers });
  const written = async (agent: TestAgent): Promise<AgentFilesCalls> => {
    expect((await act(agent, 'start')).status).toBe(200);
    const files = new AgentFilesCalls(app, agent);
    await files.change('POST', '/folders', {}, { path: '/workspace/notes' });
    expect((await files.put('/workspace/notes/plan.txt', 'old plan')).status).toBe(201);
    return files;
  };
  const contentOf = async (agent: TestAgent, path: string): Promise<string> =>
    (await new AgentFilesCalls(app, agent).get('/content', path)).bytes.toString();
  const settled = (agent: TestAgent, state: string): Promise<void> =>
    eventually(async () => {
      const { body } = await app.call(`${agent.path}/lifecycle`);
      expect([body.state, body.error]).toEqual([state, null]);
    });
  const forked = ({ projectId }: TestAgent, answer: Answer): TestAgent => {
    expect([answer.status, answer.body]).toMatchObject([201, {}]);
    const id = answer.body.id as string;
    return { projectId, id, path: `/projects/${projectId}/agents/${id}` };
  };

  it('give a running agent back what it was told and what it had', async () => {
    const agent = await agentOf(app, { soul: 'I am Ada.' });
    const files = await written(agent);
    const { containerId } = (await app.call(`${agent.path}/lifecycle`)).body;
    const taken = await take(agent, { target: 'archive', reason: 'Before the change' });
    expect([taken.status, taken.body]).toMatchObject([
      201,
      { agentId: agent.id, revision: 1, state: 'ready', reason: 'Before the change', image: null, error: null },
    ]);
    // Paused for as long as it took, and not a moment longer.
    expect(await stateOf(agent)).toBe('running');
    const { transitions } = (await app.call(`${agent.path}/lifecycle`)).body;
    expect((transitions as { to: string; reason: string }[]).slice(-2)).toMatchObject([
      { to: 'paused', reason: 'snapshot' },
      { to: 'running', reason: 'container-resumed' },
    ]);

    await files.put('/workspace/notes/plan.txt', 'new plan');
    await files.put('/workspace/later.txt', 'later');
    await app.call(agent.path, { method: 'PATCH', body: { soul: 'I am Eve.' } });
    const stale = await use(agent, taken.body.id, 'restore', {}, { 'if-match': '"1"' });
    expect([stale.status, stale.body.code]).toEqual([412, 'PRECONDITION_FAILED']);
    const restored = await use(agent, taken.body.id, 'restore', {}, { 'if-match': '"2"' });
    expect([restored.status, restored.body]).toEqual([
      200,
      { agentId: agent.id, snapshotId: taken.body.id, revision: 3, state: 'running', workspacePending: false },
    ]);
    expect((await app.call(agent.path)).body).toMatchObject({ soul: 'I am Ada.', revision: 3 });
    expect(await contentOf(agent, '/workspace/notes/plan.txt')).toBe('old plan');
    expect((await files.names('/workspace')).sort()).toEqual(['notes', 'notes/plan.txt']);
    expect((await app.call(`${agent.path}/lifecycle`)).body.containerId).not.toBe(containerId);
    const { items } = (await app.call(`${agent.path}/revisions`)).body;
    expect(items[0]).toMatchObject({ revision: 3, changedFields: ['soul', 'workspace'] });
    // Nothing of the way there is left.
    expect(await readdir(join(workspaceOf(agent), '..'))).toEqual([agent.id]);
    expect(await readdir(join(app.dataDir, 'run'))).toHaveLength(1);
    await eventually(async () => {
      const { items: events } = (await app.call('/audit/events?limit=200')).body;
      const data = (events as { type: string; data: object }[]).map(({ type, data: about }) => [type, about]);
      expect(data).toContainEqual([
        'agent.snapshot.created',
        expect.objectContaining({ snapshotId: taken.body.id, archiveSha256: taken.body.archive.sha256 }),
      ]);
      expect(data).toContainEqual([
        'agent.snapshot.restored',
        expect.objectContaining({ revision: 3, restoredRevision: 1, archiveSha256: taken.body.archive.sha256 }),
      ]);
    });
  });

  it('become other agents, which have all of it and share nothing', async () => {
    const agent = await agentOf(app, { soul: 'I am Ada.' });
    await written(agent);
    const { body: snapshot } = await take(agent);
    const answer = await use(agent, snapshot.id, 'fork', { displayName: 'Ada the second' });
    const other = forked(agent, answer);
    expect((await app.call(other.path)).body).toMatchObject({
      soul: 'I am Ada.',
      displayName: 'Ada the second',
      revision: 1,
    });
    const project = (await app.call(`/projects/${agent.projectId}`)).body;
    expect(project.roleAssignments[1]).toMatchObject({
      instanceId: other.id,
      identifier: expect.stringMatching(/-dev-2$/),
      forkedFrom: { snapshotId: snapshot.id, instanceId: agent.id, revision: 1, manifestDigest: null },
    });
    // Its workspace is filled without anybody starting it.
    expect(answer.body.workspacePending).toBe(false);
    await settled(other, 'stopped');
    expect(await readFile(join(workspaceOf(other), 'notes/plan.txt'), 'utf8')).toBe('old plan');
    expect((await act(other, 'start')).status).toBe(200);
    await new AgentFilesCalls(app, other).put('/workspace/notes/plan.txt', 'their own plan');
    await app.call(other.path, { method: 'PATCH', body: { soul: 'I am Eve.' } });
    expect(await contentOf(agent, '/workspace/notes/plan.txt')).toBe('old plan');
    expect((await app.call(agent.path)).body.soul).toBe('I am Ada.');
    // It outlives the agent that it is of.
    await app.call(agent.path, { method: 'DELETE' });
    await eventually(async () => {
      expect((await app.call(agent.path)).status).toBe(404);
    });
    expect((await app.call(`${agent.path}/snapshots`)).body.items).toHaveLength(1);
    forked(agent, await use(agent, snapshot.id, 'fork', { role: 'tester' }));
    const gone = await use(agent, snapshot.id, 'restore');
    expect([gone.status, gone.body.code]).toEqual([404, 'NOT_FOUND']);
  });

  it('are taken of agents that never ran, are stopped or paused, and restored in each of these states', async () => {
    const agent = await agentOf(app);
    const empty = await take(agent);
    expect([empty.status, empty.body.state]).toEqual([201, 'ready']);
    await written(agent);
    await act(agent, 'pause');
    const paused = await take(agent);
    expect([paused.status, await stateOf(agent)]).toEqual([201, 'paused']);
    await act(agent, 'stop');
    const stopped = await take(agent);
    expect(stopped.status).toBe(201);
    expect(stopped.body.archive).toEqual(paused.body.archive);

    expect((await use(agent, empty.body.id, 'restore')).body).toMatchObject({ state: 'stopped', revision: 2 });
    expect(await readdir(workspaceOf(agent))).toEqual([]);
    await act(agent, 'disable');
    const later = await use(agent, stopped.body.id, 'restore');
    expect(later.body).toMatchObject({ revision: 3 });
    await act(agent, 'enable');
    await act(agent, 'start');
    expect(await contentOf(agent, '/workspace/notes/plan.txt')).toBe('old plan');
    await act(agent, 'pause');
    expect((await use(agent, empty.body.id, 'restore')).body).toMatchObject({ state: 'paused', revision: 4 });
    expect(await readdir(workspaceOf(agent))).toEqual([]);
  });

  it('are listed, downloaded with their digest, as many as may be, and deleted with their files', async () => {
    const agent = await agentOf(app);
    await written(agent);
    const ids: string[] = [];
    for (const target of ['archive', 'archive', 'archive'])
      ids.unshift((await take(agent, { target })).body.id as string);
    const tooMany = await take(agent);
    expect([tooMany.status, tooMany.body.code]).toEqual([429, 'QUOTA_EXCEEDED']);
    const page = await app.call(`${agent.path}/snapshots?limit=2`);
    const rest = await app.call(`${agent.path}/snapshots?limit=2&cursor=${page.body.nextCursor}`);
    expect([...page.body.items, ...rest.body.items].map(({ id }: { id: string }) => id)).toEqual(ids);
    const path = `${agent.path}/snapshots/${ids[0]!}`;
    const { archive } = (await app.call(path)).body;
    const { mode, size } = await stat(archiveOf(ids[0]!));
    expect([mode & 0o777, size]).toEqual([0o600, archive.bytes]);

    const response = await fetch(`${app.url}/api/v1${path}/archive`, {
      headers: { authorization: 'Bearer test-admin-key-0123456789abcdef' },
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(archive.sha256);
    expect(response.headers.get('repr-digest')).toBe(
      `sha256=:${Buffer.from(archive.sha256 as string, 'hex').toString('base64')}:`.replace('sha256', 'sha-256'),
    );
    expect(execFileSync('tar', ['-tf', '-'], { input: bytes, encoding: 'utf8' }).trim().split('\n')).toEqual([
      './',
      'notes/',
      'notes/plan.txt',
    ]);

    expect((await app.call(path, { method: 'DELETE' })).status).toBe(204);
    await expect(stat(archiveOf(ids[0]!))).rejects.toMatchObject({ code: 'ENOENT' });
    for (const gone of [await app.call(path), await use(agent, ids[0]!, 'fork')]) expect(gone.status).toBe(404);
    expect((await take(agent)).status).toBe(201);
  });

  it('hold what an agent put into its workspace, without following or becoming any of it', async () => {
    const agent = await agentOf(app);
    await written(agent);
    const workspace = workspaceOf(agent);
    const longest = 'n'.repeat(255);
    await symlink('/etc/shadow', join(workspace, 'shadow'));
    await symlink('/', join(workspace, 'root'));
    await writeFile(join(workspace, longest), 'long');
    await writeFile(join(workspace, 'setuid'), '#!/bin/sh');
    execFileSync('chown', [`${AGENT_UID}:${AGENT_UID}`, join(workspace, 'setuid'), join(workspace, longest)]);
    execFileSync('chmod', ['6755', join(workspace, 'setuid')]);
    execFileSync('mknod', [join(workspace, 'null'), 'c', '1', '3']);
    execFileSync('mkfifo', [join(workspace, 'pipe')]);
    const taken = await take(agent);
    expect([taken.status, taken.body]).toMatchObject([201, { state: 'ready' }]);
    const listed = execFileSync('tar', ['-tvf', archiveOf(taken.body.id)], { encoding: 'utf8' });
    expect(listed).toContain('shadow -> /etc/shadow');
    expect(listed).toMatch(/-rwxr-xr-x .* setuid\n/);
    expect(listed).not.toMatch(/null|pipe|root:/);

    const other = forked(agent, await use(agent, taken.body.id, 'fork'));
    await settled(other, 'stopped');
    const names = await readdir(workspaceOf(other));
    expect(names.sort()).toEqual([longest, 'notes', 'root', 'setuid', 'shadow'].sort());
    const { uid, mode } = await stat(join(workspaceOf(other), 'setuid'));
    expect([uid, mode & 0o7777]).toEqual([AGENT_UID, 0o755]);
  });

  it('take no more of the disk for a sparse file than it did', async () => {
    const agent = await agentOf(app);
    const empty = await take(agent);
    expect(empty.status).toBe(201);
    const sparse = join(workspaceOf(agent), 'sparse');
    await writeFile(sparse, '');
    await truncate(sparse, 1024 * MIB);
    const taken = await app.call(`${agent.path}/snapshots`, {
      method: 'POST',
      body: { target: 'archive' },
      headers: { prefer: 'wait=240' },
    });
    expect([taken.status, taken.body]).toMatchObject([201, { state: 'ready' }]);
    expect(taken.body.archive.bytes).toBeGreaterThan(1024 * MIB);
    expect((await stat(archiveOf(taken.body.id))).blocks * 512).toBeLessThan(16 * MIB);
  }, 300_000);

  it('are refused where something would be left out, and leave nothing', async () => {
    const agent = await agentOf(app);
    await written(agent);
    const closed = join(workspaceOf(agent), 'closed');
    await writeFile(closed, 'secret', { mode: 0o000 });
    const refused = await take(agent);
    expect([refused.status, refused.body.code]).toEqual([403, 'FILE_NOT_PERMITTED']);
    await rm(closed);
    const name = Buffer.concat([Buffer.from(join(workspaceOf(agent), 'caf')), Buffer.from([0xe9])]);
    await writeFile(name, 'latin1');
    const unnamed = await take(agent);
    expect([unnamed.status, unnamed.body.code]).toEqual([409, 'FILE_CONFLICT']);
    const { items } = (await app.call(`${agent.path}/snapshots`)).body;
    expect((items as { state: string; error: object }[]).map(({ state }) => state)).toEqual(['failed', 'failed']);
    expect(
      (await readdir(join(app.dataDir, 'snapshots'))).filter((file) => file.startsWith(items[0].id as string)),
    ).toEqual([]);
    expect(await stateOf(agent)).toBe('running');
  });

  it('that somebody changed on disk are refused, and the agent stays as it is', async () => {
    const agent = await agentOf(app);
    await written(agent);
    const { body: snapshot } = await take(agent);
    const file = await open(archiveOf(snapshot.id), 'r+');
    await file.write(Buffer.from('X'), 0, 1, 1030);
    await file.close();
    for (const what of ['restore', 'fork'] as const) {
      const refused = await use(agent, snapshot.id, what);
      expect([what, refused.status, refused.body.code]).toEqual([what, 409, 'SNAPSHOT_DAMAGED']);
    }
    await rm(archiveOf(snapshot.id));
    expect((await use(agent, snapshot.id, 'restore')).body.code).toBe('SNAPSHOT_DAMAGED');
    expect((await app.call(`${agent.path}/snapshots/${snapshot.id as string}/archive`)).body.code).toBe(
      'SNAPSHOT_DAMAGED',
    );
    expect((await app.call(agent.path)).body).toMatchObject({ revision: 1, lifecycle: { state: 'running' } });
    expect(await contentOf(agent, '/workspace/notes/plan.txt')).toBe('old plan');
  });

  it('of target image pin the image, hold nothing of the agent, and go with their last agent', async () => {
    const agent = await agentOf(app, { manifest: { env: [{ name: 'TOKEN', value: 'secret-value' }] } });
    const none = await take(agent, { target: 'image' });
    expect([none.status, none.body.code]).toEqual([409, 'SNAPSHOT_NOT_POSSIBLE']);
    await written(agent);
    const taken = await take(agent, { target: 'image' });
    expect([taken.status, taken.body]).toMatchObject([201, { target: 'image', state: 'ready' }]);
    const { id: imageId, reference } = taken.body.image as { id: string; reference: string };
    const image = await engine.getImage(reference).inspect();
    expect(image.Id).toBe(imageId);
    expect(JSON.stringify(image)).not.toContain('secret-value');
    const labels = Object.entries(image.Config.Labels).filter(([name]) => name.startsWith('io.muster.'));
    const { body: lifecycle } = await app.call(`${agent.path}/lifecycle`);
    const container = await engine.getContainer(lifecycle.containerId as string).inspect();
    expect(labels.filter(([name]) => name === 'io.muster.installation').map(([, value]) => value)).toEqual([
      container.Config.Labels['io.muster.installation'],
    ]);
    expect(Object.fromEntries(labels)).toMatchObject({ 'io.muster.instance': '', 'io.muster.tenant': '' });
    // A read-only root holds no change: there is the image that the container was made from, and nothing in it.
    const original = await engine.getImage(container.Image).inspect();
    expect(image.RootFS.Layers?.slice(0, original.RootFS.Layers?.length)).toEqual(original.RootFS.Layers);
    // But for the place where the engine mounts its own init.
    const changes = (await engine.getContainer(lifecycle.containerId as string).changes()) as
      { Path: string; Kind: number }[] | null;
    expect((changes ?? []).filter(({ Path, Kind }) => Kind > 0 && !Path.endsWith('-init'))).toEqual([]);

    const other = forked(agent, await use(agent, taken.body.id, 'fork'));
    expect((await act(other, 'start')).status).toBe(200);
    const { containerId } = (await app.call(`${other.path}/lifecycle`)).body;
    const made = await engine.getContainer(containerId as string).inspect();
    expect([made.Image, made.Config.Labels['io.muster.instance']]).toEqual([imageId, other.id]);
    const told = { type: 'exec', command: ['/bin/sh', '-c', 'printf %s "$TOKEN"'] };
    const run = await app.call(`${other.path}/runs`, { method: 'POST', body: told });
    expect(run.body.stdout).toBe('secret-value');
    expect(await contentOf(other, '/workspace/notes/plan.txt')).toBe('old plan');

    const path = `${agent.path}/snapshots/${taken.body.id as string}`;
    const needed = await app.call(path, { method: 'DELETE' });
    expect([needed.status, needed.body.code]).toEqual([409, 'SNAPSHOT_IN_USE']);
    await act(other, 'destroy');
    expect((await app.call(path, { method: 'DELETE' })).status).toBe(204);
    await expect(engine.getImage(reference).inspect()).rejects.toMatchObject({ statusCode: 404 });
  });
});
