import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { agentsOf, type TestAgent } from '../support/agent-team.js';
import { ADMIN_KEY, TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { AGENT_IMAGE, describeEngine, ENGINE_HOST, engine } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { saidInside } from '../support/inside-container.js';
import { McpUser } from '../support/mcp/mcp-user.js';
import { Before } from '../support/nothing-left.js';
import { TerminalClient } from '../support/terminal-client.js';

const COPIES = [0, 1, 2];
/** Says in which copy it is, and is there beside agent-server. */
const SERVER = `require('http').createServer((q, s) => s.end(require('os').hostname())).listen(8080, '127.0.0.1')`;
/** As an MCP server is called what its copy is called. */
const MCP_SERVER = `
const say = (id, result) => console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
const serverInfo = { name: require('os').hostname(), version: '1' };
const { tools } = { tools: [{ name: 'where', inputSchema: { type: 'object' } }] };
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'initialize') say(id, { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo });
  else if (method === 'tools/list') say(id, { tools });
  else if (id !== undefined) say(id, { content: [{ type: 'text', text: serverInfo.name }] });
});`;

const MANIFEST = {
  type: 'service',
  network: { mode: 'project', expose: [8080] },
  ports: [{ containerPort: 8080 }],
  health: { kind: 'tcp', port: 8080, intervalSeconds: 2 },
  mcp: { command: ['node', '-e', MCP_SERVER] },
  command: ['/bin/sh', '-c', `node -e "${SERVER}" & exec node /opt/muster/agent-server.mjs`],
};

interface Shown {
  readonly index: number;
  readonly state: string;
  readonly health: string;
  readonly containerId: string;
  readonly containerName: string;
}

/** To one program in a copy. */
async function signal({ containerId }: Shown, commandLine: string, name: NodeJS.Signals): Promise<void> {
  const { Titles, Processes } = (await engine.getContainer(containerId).top()) as {
    Titles: string[];
    Processes: string[][];
  };
  const found = Processes.filter((process) => process[Titles.indexOf('CMD')]?.startsWith(commandLine));
  expect(found).toHaveLength(1);
  const pid = Number(found[0]![Titles.indexOf('PID')]);
  process.kill(pid, name);
  // It goes on until it is given the CPU next.
  await eventually(async () => {
    expect(await stateOf(pid)).toMatch(name === 'SIGSTOP' ? 'T' : /[XZ]/);
  });
}

/** As the kernel has it; X when there is none. */
async function stateOf(pid: number): Promise<string> {
  const told = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'pid (name) X');
  return told.slice(told.lastIndexOf(')') + 2)[0]!;
}

describeEngine('an agent of three copies serves by all that are up', () => {
  let app: TestApp;
  let before: Before;
  let agent: TestAgent;
  let neighbour: string;
  let name: string;
  let port: number;

  beforeAll(async () => {
    before = await Before.on();
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST });
    const [served, caller] = await agentsOf(app, { manifest: MANIFEST, count: 2 });
    agent = served!;
    expect((await act(caller!.path, { action: 'start' })).body.error).toBeNull();
    port = await started(agent, COPIES.length);
    neighbour = (await lifecycleOf(caller!)).containerId;
    name = (await lifecycleOf(agent)).identifier;
  }, 120_000);

  beforeEach(async () => {
    await areUp();
  });

  afterAll(async () => {
    await destroyAll(app);
    await before.expectNothingLeft(app);
    await app.stop();
  });

  const act = async (path: string, body: object): Promise<Answer> =>
    app.call(`${path}/actions`, { method: 'POST', body, headers: { prefer: 'wait=90' } });
  const lifecycleOf = async ({ path }: TestAgent): Promise<any> => (await app.call(`${path}/lifecycle`)).body;
  /** In so many copies. @returns the port where it is published */
  const started = async (one: TestAgent, replicas: number): Promise<number> => {
    expect((await act(one.path, { action: 'start' })).body.error).toBeNull();
    expect((await act(one.path, { action: 'scale', replicas })).body.error).toBeNull();
    return eventually(async () => {
      const [binding] = (await lifecycleOf(one)).ports;
      expect(binding).toMatchObject({ listening: true });
      return binding.hostPort as number;
    });
  };
  const shown = async (): Promise<readonly Shown[]> => (await lifecycleOf(agent)).replicas;
  const areUp = async (): Promise<void> => {
    await eventually(async () => {
      expect(await shown()).toMatchObject(COPIES.map((index) => ({ index, state: 'running', health: 'healthy' })));
    }, 60_000);
  };
  const hostnameOf = async ({ containerId }: Shown): Promise<string> =>
    (await engine.getContainer(containerId).inspect()).Config.Hostname;
  /** What each copy calls itself, by index. */
  const hosts = async (): Promise<string[]> => Promise.all((await shown()).map(hostnameOf));
  /** Over a connection of its own. */
  const ask = async (at = port): Promise<string> =>
    new Promise((resolve, reject) => {
      const request = get({ port: at, host: '127.0.0.1', agent: new Agent({ keepAlive: false }) }, (response) => {
        text(response).then(resolve, reject);
      });
      request.on('error', reject);
    });
  const askOften = async (times: number): Promise<string[]> => {
    const answers: string[] = [];
    while (answers.length < times) answers.push(await ask());
    return answers;
  };
  /** What the neighbour is told, by a connection for each: the copy's name, or what went wrong. */
  const askAsNeighbour = async (times: number): Promise<string[]> => {
    const program = `
      const http = require('http');
      const ask = () => new Promise((resolve) => http.get({ host: '${name}', port: 8080, agent: new http.Agent() }, (response) => {
        let said = '';
        response.on('data', (piece) => (said += piece)).on('end', () => resolve(said)).on('error', (e) => resolve(e.code));
      }).on('error', (e) => resolve(e.code)));
      (async () => { for (let n = 0; n < ${times}; n += 1) console.log(await ask()); })();`;
    return (await saidInside(neighbour, program)).split('\n');
  };
  /** Asks on and on, from several sides, until it is told to end. Of what was asked since `since()`, everything has to be answered. */
  const asking = (): { since: () => void; end: () => Promise<string[]> } => {
    let isOver = false;
    let counts = false;
    const answers: string[] = [];
    const side = async (): Promise<void> => {
      while (!isOver) {
        const hasToBe = counts;
        const answer = await ask().catch((error: unknown) => `failed: ${String(error)}`);
        if (hasToBe) answers.push(answer);
      }
    };
    const sides = Promise.all([side(), side(), side()]);
    return {
      since: () => (counts = true),
      end: async () => {
        isOver = true;
        await sides;
        return answers;
      },
    };
  };
  const run = async (query: string, body: object): Promise<any> =>
    (await app.call(`${agent.path}/runs${query}`, { method: 'POST', body })).body;
  const users: McpUser[] = [];
  const connect = async (query = ''): Promise<McpUser> => {
    const user = await McpUser.connect(app.url, agent.path, { query });
    users.push(user);
    return user;
  };
  const hostOf = (user: McpUser): string => user.client.getServerVersion()!.name;
  /** Copy 0 is not there, and cannot be, for somebody has its name. @returns a function that gives that back */
  const withoutFirst = async (): Promise<() => Promise<void>> => {
    const { containerId, containerName } = (await shown())[0]!;
    await engine.getContainer(containerId).rename({ name: `${containerName}_old` });
    const squatter = await engine.createContainer({ name: containerName, Image: AGENT_IMAGE });
    await engine.getContainer(containerId).remove({ force: true });
    await eventually(async () => {
      const { state, error } = await lifecycleOf(agent);
      expect([state, error?.code]).toEqual(['failed', 'CONTAINER_NAME_CONFLICT']);
    });
    return async () => {
      await squatter.remove({ force: true });
      expect((await act(agent.path, { action: 'start' })).body.error).toBeNull();
    };
  };

  it('at its published port, one connection after the other, and to its neighbours by name', async () => {
    const all = await hosts();
    expect(new Set(all).size).toBe(3);
    const answers = await askOften(6);
    expect(answers.slice(3)).toEqual(answers.slice(0, 3));
    expect([...answers.slice(0, 3)].sort()).toEqual([...all].sort());
    const heard = await askAsNeighbour(6);
    expect(heard.slice(3)).toEqual(heard.slice(0, 3));
    expect([...heard.slice(0, 3)].sort()).toEqual([...all].sort());
  });

  it.each<[string, number, (copy: Shown) => Promise<unknown>]>([
    ['a copy is killed', 1, async ({ containerId }) => engine.getContainer(containerId).kill()],
    ['copy 0 is killed', 0, async ({ containerId }) => engine.getContainer(containerId).kill()],
    [
      'copy 0 is removed by hand',
      0,
      async ({ containerId }) => engine.getContainer(containerId).remove({ force: true }),
    ],
    // Of these nothing is known until a health check has failed.
    ['a program has died', 1, async (copy) => signal(copy, 'node -e require', 'SIGKILL')],
    ['a copy hangs', 2, async (copy) => signal(copy, 'node /opt/muster/agent-server.mjs', 'SIGSTOP')],
  ])(
    'and keeps nobody waiting in vain where %s, until it is repaired',
    async (_what, index, meddle) => {
      const others = (await hosts()).filter((_host, at) => at !== index);
      const { since, end } = asking();
      await meddle((await shown())[index]!);
      // What was open to it is gone with it.
      since();
      const heard = await askAsNeighbour(20);
      const all = await eventually(async () => {
        const now = await hosts();
        expect([...new Set(await askOften(9))].sort()).toEqual([...now].sort());
        return now;
      }, 60_000);
      const answers = await end();
      expect(answers.filter((answer) => !all.includes(answer))).toEqual([]);
      expect(heard.filter((answer) => !all.includes(answer))).toEqual([]);
      expect(answers.length).toBeGreaterThan(20);
      expect(new Set([...heard, ...others])).toEqual(new Set(heard));
    },
    120_000,
  );

  it('by the others where copy 0 cannot be repaired: ports, files, runs, terminals and MCP', async () => {
    const [, second, third] = await hosts();
    const giveBack = await withoutFirst();
    try {
      expect([...new Set(await askOften(4))].sort()).toEqual([second, third].sort());
      expect([...new Set(await askAsNeighbour(4))].sort()).toEqual([second, third].sort());

      const content = `${agent.path}/files/content?path=/workspace/left.txt`;
      const headers = { 'content-type': 'application/octet-stream' };
      expect((await app.call(content, { method: 'PUT', body: 'by the others', headers })).status).toBe(201);
      expect((await app.call(content)).body).toBe('by the others');
      const exec = { type: 'exec', command: ['sh', '-c', 'cat /workspace/left.txt; hostname'] };
      expect(await run('', exec)).toMatchObject({ replica: 1, status: 'passed', stdout: `by the others${second}\n` });
      expect(await run('', { type: 'prompt', input: 'Who?' })).toMatchObject({ replica: 1, status: 'passed' });
      expect(await run('?replica=2', exec)).toMatchObject({ replica: 2, stdout: `by the others${third}\n` });
      expect(await run('?replica=0', exec)).toMatchObject({ code: 'AGENT_NOT_RUNNING', details: { state: 'failed' } });

      const asked = { method: 'POST', body: { cols: 80, rows: 24 } } as const;
      const terminal = (await app.call(`${agent.path}/terminals`, asked)).body;
      expect(terminal.replica).toBe(1);
      const client = await TerminalClient.connect(app.url, terminal.path as string, {
        authorization: `Bearer ${ADMIN_KEY}`,
      });
      if (!(client instanceof TerminalClient)) throw new Error(JSON.stringify(client));
      client.type('hostname; exit 0\r');
      await client.sees(new RegExp(`${second!}\\r\\n`));
      await client.ends();

      const sessions = [await connect(), await connect()];
      expect(sessions.map(hostOf).sort()).toEqual([second, third].sort());
      await Promise.all(sessions.map(async (user) => user.end()));
    } finally {
      await giveBack();
    }
    await areUp();
    expect(await run('', { type: 'exec', command: ['hostname'] })).toMatchObject({
      replica: 0,
      stdout: `${(await hosts())[0]!}\n`,
    });
    expect((await app.call(`${agent.path}/files?path=/workspace`)).body.items).toMatchObject([{ name: 'left.txt' }]);
  }, 120_000);

  it('once it has woken, where none of them is up', async () => {
    const [sleeper] = await agentsOf(app, { manifest: { ...MANIFEST, idleTimeoutSeconds: 3 } });
    const at = await started(sleeper!, 2);
    await eventually(async () => {
      const { asleep, replicas } = await lifecycleOf(sleeper!);
      expect([asleep, (replicas as Shown[]).map(({ state }) => state)]).toEqual([true, ['stopped', 'stopped']]);
    }, 40_000);
    const woken = await ask(at);
    expect(woken).toBe(await hostnameOf((await lifecycleOf(sleeper!)).replicas[0] as Shown));
    await act(sleeper!.path, { action: 'stop' });
    await expect(ask(at)).rejects.toThrow();
    await act(sleeper!.path, { action: 'destroy' });
  }, 90_000);

  it('in MCP sessions, which are spread, stay where they are, and end with their copy alone', async () => {
    const all = await hosts();
    const sessions = [await connect(), await connect(), await connect()];
    expect(sessions.map(hostOf).sort()).toEqual([...all].sort());
    for (const user of [...sessions, ...sessions]) expect(await user.call('where')).toBe(hostOf(user));
    const named = [await connect('?replica=2'), await connect('?replica=2')];
    expect(named.map(hostOf)).toEqual([all[2], all[2]]);
    const items = (await app.call(`${agent.path}/mcp/sessions?limit=5`)).body.items as { replica: number }[];
    expect(items.map(({ replica }) => all[replica])).toEqual([...sessions, ...named].map(hostOf).reverse());
    await expect(connect('?replica=3')).rejects.toThrow('404');

    await engine.getContainer((await shown())[1]!.containerId).kill();
    await eventually(async () => {
      const { body } = await app.call(`${agent.path}/mcp/sessions?limit=5`);
      const states = (body.items as { replica: number; state: string; end: string }[]).map(
        ({ replica, state, end }) => [replica === 1, state, end],
      );
      expect(states).toEqual(
        states.map(([isGone]) => (isGone ? [true, 'ended', 'server-ended'] : [false, 'open', null])),
      );
    });
    const left = [...sessions, ...named].filter((user) => hostOf(user) !== all[1]);
    expect(left).toHaveLength(4);
    for (const user of left) expect(await user.call('where')).toBe(hostOf(user));
    await Promise.all(left.map(async (user) => user.end()));
  });
});
