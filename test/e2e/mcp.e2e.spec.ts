import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { describeEngine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { runInside } from '../support/inside-container.js';
import { mcpImage } from '../support/mcp/mcp-image.js';
import { McpUser } from '../support/mcp/mcp-user.js';

const MIB = 1024 * 1024;

/** Nothing in the image knows of Muster, and its program speaks over its standard input and output alone. */
describeEngine('an image with an MCP server, to the official client', () => {
  let app: TestApp;
  let agent: TestAgent;
  let container: string;

  beforeAll(async () => {
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST });
    agent = await agentOf(app, {
      manifest: { type: 'cli', image: await mcpImage(), env: [{ name: 'GREETING', value: 'hello' }] },
    });
    container = await started();
  }, 120_000);

  afterEach(async () => {
    await Promise.all(users.splice(0).map(({ client }) => client.close()));
  });

  afterAll(async () => {
    await destroyAll(app);
    await app.stop();
  });

  const act = async (action: string): Promise<any> => {
    const headers = { prefer: 'wait=60' };
    return (await app.call(`${agent.path}/actions`, { method: 'POST', body: { action }, headers })).body;
  };
  const started = async (): Promise<string> => {
    const { state, error, containerId } = await act('start');
    expect([state, error]).toEqual(['running', null]);
    return containerId as string;
  };
  const users: McpUser[] = [];
  const connect = async (options: Parameters<typeof McpUser.connect>[2] = {}): Promise<McpUser> => {
    const user = await McpUser.connect(app.url, agent.path, options);
    users.push(user);
    return user;
  };
  /** How often a program runs, beside the agent's own. */
  const running = async (commandLine: string): Promise<number> => {
    const script = `for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$f; echo; done 2>/dev/null`;
    const { said } = await runInside(container, ['sh', '-c', script]);
    return said.split('\n').filter((line) => line.trim() === commandLine).length;
  };
  const servers = async (): Promise<number> => (await running('node server.mjs')) - 1;
  const newest = async (): Promise<any> => (await app.call(`${agent.path}/mcp/sessions`)).body.items[0];
  const endedAs = async (end: string): Promise<any> =>
    eventually(async () => {
      const session = await newest();
      expect(session).toMatchObject({ state: 'ended', end });
      return session;
    });

  it('says what it is, lists its tools and calls them, in the folder and with the variables of its image', async () => {
    const user = await connect();
    expect(user.client.getServerVersion()).toMatchObject({ name: 'test-tools' });
    const { tools } = await user.client.listTools();
    expect(tools.map(({ name }) => name)).toContain('echo');
    expect(await user.call('echo', { text: 'line\nbreak, "quoted", ünïcødé \u2028' })).toBe(
      'line\nbreak, "quoted", ünïcødé \u2028',
    );
    expect(await user.call('where')).toBe('/app hello');
    await user.end();
  });

  it('tells of progress, in order and before the answer', async () => {
    const user = await connect();
    const heard: number[] = [];
    const call = { name: 'progress', arguments: {} };
    const onprogress = ({ progress }: { progress: number }): number => heard.push(progress);
    await user.client.callTool(call, { onprogress });
    expect(heard).toEqual([1, 2, 3]);
    await user.end();
  });

  it('asks its client, who answers', async () => {
    const user = await connect({
      capabilities: { sampling: {} },
      prepare: (client) => {
        const content = { type: 'text' as const, text: '42' };
        client.setRequestHandler('sampling/createMessage', () => ({ model: 'any', role: 'assistant', content }));
      },
    });
    expect(await user.call('ask')).toBe('the client says: 42');
    await user.end();
  });

  it('says something by itself, when nothing is asked', async () => {
    let told = 0;
    const user = await connect({
      prepare: (client) => {
        client.setNotificationHandler('notifications/tools/list_changed', () => {
          told += 1;
        });
      },
    });
    expect(await user.call('announce')).toBe('soon');
    await eventually(async () => {
      expect(told).toBe(1);
      return Promise.resolve();
    });
    await user.end();
  });

  it('answers with a MiB, and takes as much', async () => {
    const user = await connect();
    expect((await user.call('large', { bytes: MIB })).length).toBe(MIB);
    const text = 'y'.repeat(MIB);
    expect(await user.call('echo', { text })).toBe(text);
    await user.end();
  });

  it('answers many that ask at once, each its own', async () => {
    const user = await connect();
    const texts = Array.from({ length: 50 }, (_, index) => `text ${index}`);
    expect(await Promise.all(texts.map((text) => user.call('echo', { text })))).toEqual(texts);
    await user.end();
  });

  it('is a server of its own for each session', async () => {
    const [one, other] = await Promise.all([connect(), connect()]);
    const [first] = await Promise.all([one.call('count'), other.call('count')]);
    const [second, seconds] = await Promise.all([one.call('count'), other.call('count')]);
    expect([first.split(' ')[0], second.split(' ')[0], seconds.split(' ')[0]]).toEqual(['1', '2', '2']);
    expect(second.split(' ')[2]).not.toBe(seconds.split(' ')[2]);
    expect(await servers()).toBe(2);
    await one.end();
    expect(await servers()).toBe(1);
    expect(await other.call('count')).toMatch(/^3 /);
    await other.end();
  });

  it('ends with its session, and with it what it left; who and why is in the log', async () => {
    const user = await connect();
    expect(await user.call('leave')).toBe('left');
    expect(await running('sleep 7654')).toBe(1);
    const { id, state, protocolVersion } = await newest();
    expect([state, protocolVersion]).toEqual(['open', expect.stringMatching(/^2025-/)]);
    const name = user.sessionId;
    expect(name).toMatch(new RegExp(`^${id}\\.[\\w-]{24}$`));
    await user.end();
    expect([await servers(), await running('sleep 7654')]).toEqual([0, 0]);
    const session = await endedAs('closed-by-request');
    expect(session).toMatchObject({ id, command: ['node', 'server.mjs'] });
    await eventually(async () => {
      const { body } = await app.call(`/audit/events?subject=${id}`);
      const types = (body.items as { type: string }[]).map(({ type }) => type);
      expect(types.sort()).toEqual(['mcp-session.closed', 'mcp-session.opened']);
    });
    const stored = await app.database.db.collection('mcp_sessions').find({}).toArray();
    expect(JSON.stringify(stored)).not.toContain(name.split('.')[1]);
  });

  it('that ends by itself is told to who waits, with its exit code and its last words; then the session is not there', async () => {
    const user = await connect();
    await expect(user.call('exit', { code: 7 })).rejects.toThrow(/has ended \(exit code 7\)/);
    expect(await endedAs('server-ended')).toMatchObject({ exitCode: 7, stderr: 'That was too much.\n' });
    await expect(user.call('count')).rejects.toMatchObject({ message: expect.stringContaining('NOT_FOUND') });
    const again = await connect();
    expect(await again.call('count')).toMatch(/^1 /);
    await again.end();
  });

  it('is told of a request that was given up', async () => {
    const user = await connect();
    const gone = new AbortController();
    const waiting = user.client.callTool({ name: 'wait', arguments: {} }, { signal: gone.signal });
    const refused = expect(waiting).rejects.toThrow();
    setTimeout(() => {
      gone.abort();
    }, 100);
    await refused;
    expect(await user.call('count')).toMatch(/^1 /);
    await user.end();
  });

  it('falls back from the revision without sessions to one that has them', async () => {
    const user = await connect({ versionNegotiation: { mode: 'auto' } });
    expect(await user.call('count')).toMatch(/^1 /);
    await user.end();
  });

  it('ends when its agent is stopped, and is there again once it runs', async () => {
    const user = await connect();
    const waiting = expect(user.call('wait')).rejects.toThrow(/has ended/);
    await eventually(async () => {
      expect(await servers()).toBe(1);
    });
    await act('stop');
    await waiting;
    await endedAs('server-ended');
    await expect(connect()).rejects.toMatchObject({ message: expect.stringContaining('AGENT_NOT_RUNNING') });
    container = await started();
    const again = await connect();
    expect(await again.call('echo', { text: 'back' })).toBe('back');
    await again.end();
  });
});
