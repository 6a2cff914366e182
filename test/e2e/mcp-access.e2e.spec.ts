import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { agentsOf, type TestAgent } from '../support/agent-team.js';
import { TestApp } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { describeEngine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { RawMcp } from '../support/mcp/raw-mcp.js';

const SERVER = `read -r line; echo '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"sh"}}}'; exec cat >/dev/null`;
const PING = { jsonrpc: '2.0', method: 'notifications/initialized' };

describeEngine('MCP sessions', () => {
  let app: TestApp;
  let agent: TestAgent;
  let other: TestAgent;

  beforeAll(async () => {
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST, MCP_SESSIONS_PER_AGENT: '2' });
    const manifest = { mcp: { command: ['/bin/sh', '-c', SERVER] } };
    [agent, other] = (await agentsOf(app, { manifest, count: 2 })) as [TestAgent, TestAgent];
    for (const { path } of [agent, other]) {
      await app.call(`${path}/actions`, { method: 'POST', body: { action: 'start' } });
    }
  }, 120_000);

  afterAll(async () => {
    await destroyAll(app);
    await app.stop();
  });

  const keyOf = async (role: string): Promise<{ id: string; key: string }> =>
    (await app.call('/api-keys', { method: 'POST', body: { name: role, role } })).body;
  const begun = async (key?: string): Promise<RawMcp> => {
    const client = new RawMcp(app, agent.path, key);
    const { status, sessionId } = await client.begin();
    expect([status, sessionId]).toEqual([200, expect.any(String)]);
    return client;
  };

  it('are their own key’s and their own agent’s: to all others they are not there', async () => {
    const client = await begun();
    const { body: tenant } = await app.call('/tenants', { method: 'POST', body: { name: 'strangers' } });
    const strangers = [
      new RawMcp(app, agent.path, tenant.adminKey.key as string),
      new RawMcp(app, agent.path, (await keyOf('operator')).key),
      new RawMcp(app, other.path),
    ];
    for (const stranger of strangers) {
      stranger.sessionId = client.sessionId;
      expect((await stranger.post(PING)).status).toBe(404);
      expect((await stranger.ask('GET')).status).toBe(404);
      expect((await stranger.ask('DELETE')).status).toBe(404);
    }
    expect((await new RawMcp(app, agent.path, tenant.adminKey.key as string).begin()).status).toBe(404);
    expect((await new RawMcp(app, agent.path, (await keyOf('viewer')).key).begin()).status).toBe(403);
    expect((await client.post(PING)).status).toBe(202);
    await client.ask('DELETE');
    expect((await client.post(PING)).status).toBe(404);
  });

  it('are refused to whoever asks in a way that the protocol does not know', async () => {
    const client = await begun();
    expect((await client.post(PING, { 'mcp-protocol-version': '2025-06-18' })).status).toBe(202);
    expect((await client.post(PING, { 'mcp-protocol-version': '2024-01-01' })).status).toBe(400);
    expect((await client.post(PING, { origin: 'https://elsewhere.example' })).status).toBe(403);
    expect((await client.post(PING, { accept: 'application/json' })).status).toBe(400);
    expect((await client.post(PING, { 'content-type': 'text/yaml' })).status).toBe(415);
    expect((await client.post('{')).status).toBe(400);
    expect((await client.post({ jsonrpc: '1.0', id: null })).status).toBe(422);
    expect((await client.ask('GET', { accept: 'application/json' })).status).toBe(400);
    await client.ask('DELETE');
    client.sessionId = null;
    expect((await client.post(PING)).status).toBe(400);
    expect((await client.ask('GET')).status).toBe(400);
  });

  it('are as many as they may be', async () => {
    const clients = [await begun(), await begun()];
    const { status, messages } = await new RawMcp(app, agent.path).begin();
    expect([status, messages[0].code]).toEqual([429, 'TOO_MANY_MCP_SESSIONS']);
    for (const client of clients) await client.ask('DELETE');
  });

  it('end when their key is revoked', async () => {
    const { id, key } = await keyOf('operator');
    await begun(key);
    await app.call(`/api-keys/${id}`, { method: 'DELETE' });
    await eventually(async () => {
      const [session] = (await app.call(`${agent.path}/mcp/sessions?limit=1`)).body.items;
      expect(session).toMatchObject({ state: 'ended', end: 'access-lost' });
    });
  });

  describe('of two Musters', () => {
    let second: TestApp;

    beforeAll(async () => {
      const env = { RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST, DATA_DIR: app.dataDir, MCP_IDLE_SECONDS: '1' };
      second = await TestApp.start(env, app.database);
    });

    afterAll(async () => {
      await second.stop();
    });

    it('are the one’s that began them: to the other they are not there, and the client begins anew', async () => {
      const client = await begun();
      const elsewhere = new RawMcp(second, agent.path);
      elsewhere.sessionId = client.sessionId;
      for (const answer of [await elsewhere.post(PING), await elsewhere.ask('GET'), await elsewhere.ask('DELETE')]) {
        expect([answer.status, answer.messages[0]]).toEqual([404, expect.objectContaining({ code: 'NOT_FOUND' })]);
      }
      // What the other does not have it does not end.
      expect((await client.post(PING)).status).toBe(202);
      elsewhere.sessionId = null;
      expect((await elsewhere.begin()).status).toBe(200);
      for (const one of [client, elsewhere]) await one.ask('DELETE');
    });

    it('end when nothing was said for so long, though somebody listens', async () => {
      const client = new RawMcp(second, agent.path);
      expect((await client.begin()).status).toBe(200);
      const listening = await client.ask('GET');
      expect([listening.status, listening.messages]).toEqual([200, []]);
      await eventually(async () => {
        const [session] = (await second.call(`${agent.path}/mcp/sessions?limit=1`)).body.items;
        expect(session).toMatchObject({ state: 'ended', end: 'idle' });
      });
      expect((await client.post(PING)).status).toBe(404);
    });
  });

  it('are not to be had of an agent that has no server', async () => {
    const [plain] = (await agentsOf(app)) as [TestAgent];
    expect((await new RawMcp(app, plain.path).begin()).messages[0].code).toBe('AGENT_NOT_RUNNING');
    await app.call(`${plain.path}/actions`, { method: 'POST', body: { action: 'start' } });
    expect((await new RawMcp(app, plain.path).begin()).messages[0].code).toBe('MCP_NOT_OFFERED');
  });
});
