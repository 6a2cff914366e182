import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ObjectId } from 'mongodb';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { AGENT_IMAGE, describeEngine, engine, ENGINE_HOST, SMALL_IMAGE } from '../support/engine.js';
import { eventually } from '../support/eventually.js';

const SERVE = 'exec node /opt/muster/agent-server.mjs';
const WHERE = 'ls -ln /run/secrets | tail -n +2; grep /run/secrets /proc/mounts';

describeEngine('secrets are given to agents that run in containers', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST, AGENT_IMAGE });
  });

  afterAll(async () => {
    await destroyAll(app);
    expect(await memories()).toEqual([]);
    await app.stop();
  });

  const act = async (agent: TestAgent, action: string): Promise<Answer> =>
    app.call(`${agent.path}/actions`, { method: 'POST', body: { action }, headers: { prefer: 'wait=90' } });
  const put = async (agent: TestAgent | null, name: string, value: string): Promise<Answer> => {
    const whose = agent === null ? '' : `/projects/${agent.projectId}`;
    return app.call(`${whose}/secrets/${encodeURIComponent(name)}`, { method: 'PUT', body: { value } });
  };
  const exec = async (agent: TestAgent, script: string): Promise<string> => {
    const body = { type: 'exec', command: ['/bin/sh', '-c', script] };
    const run = await app.call(`${agent.path}/runs`, { method: 'POST', body });
    expect(run.body).toMatchObject({ status: 'passed' });
    return run.body.stdout as string;
  };
  const secretsOf = async (agent: TestAgent): Promise<unknown> =>
    (await app.call(`${agent.path}/lifecycle`)).body.replicas[0].secrets;
  /** What two containers of this Muster share. */
  const memories = async (): Promise<string[]> => {
    const installation = (await app.database.db.collection('installations').findOne({}))!['installationId'] as string;
    const { Volumes } = await engine.listVolumes({
      filters: { label: [`io.muster.installation=${installation}`] },
    });
    return Volumes.map(({ Name }) => Name);
  };
  const containersOf = async ({ id }: TestAgent): Promise<string[]> =>
    (await engine.listContainers({ all: true, filters: { label: [`io.muster.instance=${id}`] } })).map(({ Id }) => Id);

  it('as files in memory, told by variables; a change reaches it when it starts next', async () => {
    const env = [
      { name: 'TOKEN', secret: 'team/token' },
      { name: 'SHARED', secret: 'shared' },
      { name: 'NOTHING', secret: 'nothing', required: false },
    ];
    const agent = await agentOf(app, { manifest: { env } });
    const refused = await act(agent, 'start');
    expect(refused).toMatchObject({ status: 422, body: { code: 'VARIABLE_MISSING' } });
    expect(refused.body.detail).toContain('TOKEN (secret team/token), SHARED (secret shared)');
    await put(null, 'shared', 'of the tenant');
    await put(null, 'team/token', 'of the tenant too');
    await put(agent, 'team/token', 'of the project\n');
    const started = await act(agent, 'start');
    expect([started.status, started.body.error]).toEqual([200, null]);
    const given = (version: number) => [
      { variable: 'TOKEN', name: 'team/token', scope: 'project', version },
      { variable: 'SHARED', name: 'shared', scope: 'tenant', version: 1 },
    ];
    expect(await secretsOf(agent)).toEqual(given(1));
    const look = 'cat $TOKEN_FILE $SHARED_FILE; echo; env | grep -E "TOKEN|SHARED|NOTHING" | sort';
    expect(await exec(agent, look)).toBe(
      'of the project\nof the tenant\nSHARED_FILE=/run/secrets/SHARED\nTOKEN_FILE=/run/secrets/TOKEN\n',
    );
    const where = await exec(agent, WHERE);
    expect(where.match(/-r-------- +1 1000 +1000 /g)).toHaveLength(2);
    expect(where).toMatch(/^tmpfs \/run\/secrets tmpfs rw,nosuid,nodev,noexec,.*size=8192k,mode=700,uid=1000/m);
    // The running one keeps what it has, also when it is told of an edit.
    await put(agent, 'team/token', 'newer');
    await app.call(agent.path, { method: 'PATCH', body: { soul: 'I am somebody else.' } });
    expect(await exec(agent, 'cat $TOKEN_FILE')).toBe('of the project\n');
    expect((await act(agent, 'restart')).body).toMatchObject({
      state: 'running',
      containerId: started.body.containerId,
    });
    expect(await exec(agent, 'cat $TOKEN_FILE')).toBe('newer');
    expect(await secretsOf(agent)).toEqual(given(2));
    // One that is there by then is given too: that is another container.
    await put(agent, 'nothing', 'something');
    const again = await act(agent, 'restart');
    expect(again.body.containerId).not.toBe(started.body.containerId);
    expect(await exec(agent, 'cat $NOTHING_FILE')).toBe('something');
    // Started again behind Muster's back it has lost them, and is given them anew.
    await engine.getContainer(again.body.containerId as string).restart({ t: 1 });
    await eventually(async () => {
      const { body } = await app.call(`${agent.path}/runs`, {
        method: 'POST',
        body: { type: 'exec', command: ['/bin/sh', '-c', 'cat $TOKEN_FILE'] },
      });
      expect(body).toMatchObject({ status: 'passed', stdout: 'newer' });
    }, 20_000);
  }, 120_000);

  it('by the name of a variable that is required and has no value; without one, both are named', async () => {
    const env = [
      { name: 'API_TOKEN', required: true },
      { name: 'OTHER', required: true },
    ];
    const agent = await agentOf(app, { manifest: { env } });
    await put(null, 'OTHER', 'of the tenant');
    const refused = await act(agent, 'start');
    expect(refused).toMatchObject({ status: 422, body: { code: 'VARIABLE_MISSING' } });
    expect(refused.body.detail).toContain('Required and without a value: API_TOKEN (no secret API_TOKEN either).');
    await put(agent, 'API_TOKEN', 'of the project');
    const started = await act(agent, 'start');
    expect([started.status, started.body.error]).toEqual([200, null]);
    expect(await exec(agent, 'cat "$API_TOKEN_FILE" "$OTHER_FILE"; env | grep -cE "^(API_TOKEN|OTHER)=" || true')).toBe(
      'of the projectof the tenant0\n',
    );
  });

  it('before the health check of a program beside agent-server, which may wait for them', async () => {
    const wait = 'until [ -r "$TOKEN_FILE" ]; do sleep 0.05; done';
    const listen = "node -e 'require(`http`).createServer((q, s) => s.end()).listen(8080)'";
    const manifest = {
      command: ['/bin/sh', '-c', `(${wait}; exec ${listen}) & ${SERVE}`],
      env: [{ name: 'TOKEN', secret: 'token' }],
      health: { kind: 'http', port: 8080, path: '/', intervalSeconds: 5 },
    };
    const agent = await agentOf(app, { manifest });
    await put(agent, 'token', 'open sesame');
    const started = await act(agent, 'start');
    expect([started.status, started.body.error]).toEqual([200, null]);
  });

  it('of any image: they are there when its program starts, read-only, and gone when it stops', async () => {
    const command = ['/bin/sh', '-c', 'cat "$TOKEN_FILE" > /workspace/seen || exit 9; exec sleep 3600'];
    const agent = await agentOf(app, {
      manifest: { image: SMALL_IMAGE, command, env: [{ name: 'TOKEN', secret: 'token' }] },
    });
    await put(agent, 'token', 'first');
    const before = await memories();
    for (const [action, value] of [
      ['start', 'first'],
      ['restart', 'second'],
    ] as const) {
      await put(agent, 'token', value);
      const { status, body } = await act(agent, action);
      expect([status, body.error, body.state]).toEqual([200, null, 'running']);
      expect(await exec(agent, 'cat seen; cat /run/secrets/TOKEN')).toBe(`${value}${value}`);
    }
    expect(await exec(agent, WHERE)).toMatch(/-r-------- .* TOKEN\n.*\/run\/secrets tmpfs ro,.*size=8192k,mode=700/);
    expect(await exec(agent, '(echo x > /run/secrets/x) 2>/dev/null || echo closed')).toBe('closed\n');
    const made = (await memories()).filter((name) => !before.includes(name));
    expect(made).toHaveLength(1);
    await act(agent, 'stop');
    const { Options, Mountpoint } = (await engine.getVolume(made[0]!).inspect()) as {
      Options: Record<string, string>;
      Mountpoint: string;
    };
    expect(Options['type']).toBe('tmpfs');
    expect(Mountpoint).toContain(made[0]!);
    expect((await act(agent, 'start')).body.state).toBe('running');
    await act(agent, 'destroy');
    expect(await containersOf(agent)).toEqual([]);
    expect(await memories()).toEqual(before);
  }, 120_000);

  it.each([
    ['its companion ends', async (_main: string, other: string) => engine.getContainer(other).kill()],
    [
      'its companion is taken away',
      async (_main: string, other: string) => engine.getContainer(other).remove({ force: true }),
    ],
    ['it is taken away', async (main: string) => engine.getContainer(main).remove({ force: true })],
  ])(
    'of any image anew when %s, and nothing of the old is left',
    async (_what, harm) => {
      const command = ['/bin/sh', '-c', 'cat "$TOKEN_FILE" >> /workspace/seen || exit 9; exec sleep 3600'];
      const manifest = { image: SMALL_IMAGE, command, env: [{ name: 'TOKEN', secret: 'token' }] };
      const before = await memories();
      const agent = await agentOf(app, { manifest });
      await put(agent, 'token', 'x');
      const { containerId, replicas } = (await act(agent, 'start')).body;
      await harm(containerId as string, replicas[0].companionId as string);
      await eventually(async () => {
        const { transitions, state, error } = (await app.call(`${agent.path}/lifecycle`)).body;
        const starts = (transitions as { to: string }[]).filter(({ to }) => to === 'running');
        expect([starts.length, state, error]).toEqual([2, 'running', null]);
      }, 40_000);
      expect(await exec(agent, 'cat seen')).toBe('xx');
      await act(agent, 'destroy');
      expect(await memories()).toEqual(before);
    },
    90_000,
  );

  it('but not when one cannot be opened: that agent alone fails, and says which', async () => {
    const agent = await agentOf(app, { manifest: { env: [{ name: 'TOKEN', secret: 'token' }] } });
    const { body } = await put(agent, 'token', 'sealed');
    // As if somebody had put an old value back.
    const { matchedCount } = await app.database.db
      .collection('secrets')
      .updateOne({ _id: new ObjectId(body.id as string) }, { $set: { version: 7 } });
    expect(matchedCount).toBe(1);
    const refused = await act(agent, 'start');
    expect(refused).toMatchObject({ status: 503, body: { code: 'SECRET_UNREADABLE' } });
    expect(refused.body.detail).toContain('token version 7');
    await put(agent, 'token', 'set again');
    expect(await act(agent, 'start')).toMatchObject({ status: 200, body: { state: 'running', error: null } });
  });

  it('each to its own: copies all have them, forks too, what is kept of an agent has none', async () => {
    const agent = await agentOf(app, { manifest: { env: [{ name: 'TOKEN', secret: 'token' }] } });
    await put(agent, 'token', 'never-in-a-snapshot');
    await act(agent, 'start');
    const snapshot = await app.call(`${agent.path}/snapshots`, { method: 'POST', body: { target: 'image' } });
    expect([snapshot.status, snapshot.body?.detail]).toEqual([201, undefined]);
    const archive = await app.call(`${agent.path}/snapshots/${snapshot.body.id}/archive`);
    expect(String(archive.body)).not.toContain('never-in-a-snapshot');
    const image = engine.getImage(snapshot.body.image.id as string);
    expect(JSON.stringify(await image.inspect())).not.toContain('never-in-a-snapshot');
    const kept = await engine.createContainer({ Image: snapshot.body.image.id as string });
    try {
      const files: Buffer[] = [];
      for await (const chunk of await kept.export()) files.push(chunk as Buffer);
      expect(Buffer.concat(files).includes('never-in-a-snapshot')).toBe(false);
    } finally {
      await kept.remove({ force: true });
    }
    const fork = await app.call(`${agent.path}/snapshots/${snapshot.body.id}/fork`, { method: 'POST', body: {} });
    const forked = { ...agent, id: fork.body.id, path: `/projects/${agent.projectId}/agents/${fork.body.id}` };
    expect((await act(forked, 'start')).body.state).toBe('running');
    expect(await exec(forked, 'cat $TOKEN_FILE')).toBe('never-in-a-snapshot');
    await act(forked, 'destroy');
    const scaled = await app.call(`${agent.path}/actions`, {
      method: 'POST',
      body: { action: 'scale', replicas: 2 },
      headers: { prefer: 'wait=90' },
    });
    const replicas = scaled.body.replicas as { secrets: unknown[] }[];
    expect(replicas.map(({ secrets }) => secrets.length)).toEqual([1, 1]);
  }, 120_000);
});
