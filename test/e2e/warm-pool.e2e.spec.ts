import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { AGENT_IMAGE, describeEngine, engine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { Scrape } from '../support/scrape.js';
import { TerminalClient } from '../support/terminal-client.js';

const TOLD = 'echo "$GREETING from $MUSTER_AGENT_ID"; cat "$TOKEN_FILE"';

describeEngine('a warm container', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST, AGENT_IMAGE, POOL_SIZE: '1' });
  });

  afterAll(async () => {
    await destroyAll(app);
    const { installationId } = (await app.database.db.collection('installations').findOne({}))!;
    await app.stop();
    const label = [`io.muster.installation=${installationId as string}`];
    for (const { Id } of await engine.listContainers({ all: true, filters: { label } })) {
      await engine.getContainer(Id).remove({ force: true });
    }
  });

  const start = async (agent: TestAgent): Promise<string[]> => {
    const headers = { prefer: 'wait=90' };
    const { status, body } = await app.call(`${agent.path}/actions`, {
      method: 'POST',
      body: { action: 'start' },
      headers,
    });
    expect([status, body.error, body.state]).toEqual([200, null, 'running']);
    const { transitions } = (await app.call(`${agent.path}/lifecycle`)).body;
    return (transitions as { reason: string }[]).map(({ reason }) => reason);
  };
  /** As a scraper is told: hits, misses, and starts that no pool can serve. */
  const claims = async (): Promise<number[]> => {
    const scrape = await Scrape.of(app);
    return ['hit', 'miss', 'ineligible'].map((outcome) => scrape.value('agent_manager_pool_claims_total', { outcome }));
  };
  const pools = async (): Promise<string[]> =>
    (await app.database.db.collection('pool_demands').find({}).toArray()).map(({ _id }) => String(_id));
  /** All pools have one that waits. */
  const filled = async (): Promise<string[]> =>
    eventually(async () => {
      const ready = await app.database.db.collection('pool_containers').find({ state: 'ready' }).toArray();
      const waiting = [...new Set(ready.map(({ pool }) => pool as string))].sort();
      expect(waiting).toEqual((await pools()).sort());
      return waiting;
    });

  it('becomes one of an agent with variables and secrets of its own, which no container was made with', async () => {
    const agents: TestAgent[] = [];
    for (const greeting of ['hello', 'ahoy']) {
      const env = [
        { name: 'GREETING', value: greeting },
        { name: 'TOKEN', secret: 'token' },
      ];
      const agent = await agentOf(app, { manifest: { type: 'agent', env } });
      const secret = `/projects/${agent.projectId}/secrets/token`;
      await app.call(secret, { method: 'PUT', body: { value: `${greeting} token` } });
      agents.push(agent);
    }
    const [first, second] = agents as [TestAgent, TestAgent];
    expect(await claims()).toEqual([0, 0, 0]);
    expect(await start(first)).not.toContain('container-claimed');
    expect(await claims()).toEqual([0, 1, 0]);
    expect(await filled()).toHaveLength(1);
    expect(await start(second)).toContain('container-claimed');
    expect(await claims()).toEqual([1, 1, 0]);
    for (const [{ id, path }, greeting] of [
      [first, 'hello'],
      [second, 'ahoy'],
    ] as const) {
      const run = { type: 'exec', command: ['/bin/sh', '-c', TOLD] };
      const { body } = await app.call(`${path}/runs`, { method: 'POST', body: run });
      expect(body.stdout).toBe(`${greeting} from ${id}\n${greeting} token`);
      const { containerId } = (await app.call(path)).body.lifecycle;
      const { Config } = await engine.getContainer(containerId as string).inspect();
      expect(JSON.stringify(Config)).not.toContain(greeting);
    }
  });

  it('tells its agent’s terminals too, and what they ask for counts for more', async () => {
    const env = [
      { name: 'GREETING', value: 'moin' },
      { name: 'OTHER', value: 'of the manifest' },
    ];
    const agent = await agentOf(app, { manifest: { env } });
    await start(agent);
    const { body } = await app.call(`${agent.path}/terminals`, {
      method: 'POST',
      body: { cols: 80, rows: 24, env: { OTHER: 'of the terminal' } },
    });
    const client = await TerminalClient.connect(app.url, `${body.path}?ticket=${body.ticket}`);
    if (!(client instanceof TerminalClient)) throw new Error(JSON.stringify(client));
    client.type('echo "$GREETING/$OTHER"; exit\r');
    await client.sees(/moin\/of the terminal/);
    await client.ends();
  });

  it.each([
    ['has a program of its own', { command: ['/bin/sh', '-c', 'exec node /opt/muster/agent-server.mjs'] }],
    ['has hooks', { hooks: { install: 'true' } }],
    ['has folders of its own beside its workspace', { runMode: 'isolated', profile: 'dev' }],
  ])('waits for nobody who %s', async (_what, manifest) => {
    const before = await filled();
    const [hits, misses, ineligible] = (await claims()) as [number, number, number];
    expect(await start(await agentOf(app, { manifest }))).not.toContain('container-claimed');
    expect(await claims()).toEqual([hits, misses, ineligible + 1]);
    // A later one's pool is on record, and no other.
    await start(await agentOf(app, { manifest: { resources: { pids: 100 + before.length } } }));
    await eventually(async () => {
      expect(await pools()).toHaveLength(before.length + 1);
    });
  });
});
