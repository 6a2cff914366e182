import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { describeEngine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { runInside } from '../support/inside-container.js';
import { INITIALIZE, RawMcp } from '../support/mcp/raw-mcp.js';

const MIB = 1024 * 1024;
/** Answers the first line it reads, as a server of this revision. */
const BEGIN = (version = '2025-06-18'): string =>
  `read -r line; echo '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"${version}","capabilities":{},"serverInfo":{"name":"sh"}}}'`;
const NOTE = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"noise"}}';

describeEngine('an MCP server that is not as it should be', () => {
  let app: TestApp;
  let agent: TestAgent;
  let container: string;

  beforeAll(async () => {
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST, MCP_MESSAGE_BYTES: '65536' });
    agent = await agentOf(app, { manifest: { mcp: { command: ['/bin/sh', '/workspace/server.sh'] } } });
    const { body } = await app.call(`${agent.path}/actions`, { method: 'POST', body: { action: 'start' } });
    container = body.containerId as string;
  }, 60_000);

  afterAll(async () => {
    await destroyAll(app);
    await app.stop();
  });

  /** A client of this server from now on. */
  async function clientOf(script: string): Promise<RawMcp> {
    const body = { type: 'exec', command: 'cat > server.sh', stdin: `${script}\n` };
    expect((await app.call(`${agent.path}/runs`, { method: 'POST', body })).body).toMatchObject({ status: 'passed' });
    return new RawMcp(app, agent.path);
  }
  const begun = async (script: string): Promise<RawMcp> => {
    const client = await clientOf(script);
    const { status, sessionId } = await client.begin();
    expect([status, sessionId]).toEqual([200, expect.any(String)]);
    return client;
  };
  const running = async (word: string): Promise<number> => {
    const script = `for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$f; echo; done 2>/dev/null`;
    const { said } = await runInside(container, ['sh', '-c', script]);
    return said.split('\n').filter((line) => line.includes(word) && !line.includes('/proc/')).length;
  };
  const endedAs = async (end: string): Promise<any> =>
    eventually(async () => {
      const [session] = (await app.call(`${agent.path}/mcp/sessions?limit=1`)).body.items;
      expect(session).toMatchObject({ state: 'ended', end });
      return session;
    });
  const memory = (): number => {
    const { arrayBuffers, external, heapUsed } = process.memoryUsage();
    return (arrayBuffers + external + heapUsed) / MIB;
  };

  it('ends at once: the client is told how, with its last words, and has no session', async () => {
    const client = await clientOf('echo "no licence" >&2; exit 3');
    const { status, sessionId, messages } = await client.begin();
    expect([status, sessionId]).toEqual([200, null]);
    expect(messages).toEqual([
      {
        jsonrpc: '2.0',
        id: 1,
        error: {
          code: -32000,
          message: "The agent's MCP server has ended (exit code 3).",
          data: { end: 'server-ended', exitCode: 3, stderr: 'no licence\n' },
        },
      },
    ]);
    expect(await endedAs('server-ended')).toMatchObject({ exitCode: 3, protocolVersion: null });
  });

  it('refuses to begin: that is passed on, and it is ended', async () => {
    const client = await clientOf(
      `read -r line; echo '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no"}}'; exec sleep 3101`,
    );
    const { status, sessionId, messages } = await client.begin();
    expect([status, sessionId, messages[0].error.message]).toEqual([200, null, 'no']);
    await endedAs('refused');
    expect(await running('sleep 3101')).toBe(0);
  });

  it('prints what is no message: that is kept for its operator, and what is one goes on', async () => {
    const client = await begun(
      `echo 'Welcome!'; echo; echo '{"a": 1}'; echo '[]'; ${BEGIN()}; echo 'Bye' >&2; read -r line; echo '{"jsonrpc":"2.0","id":2,"result":{}}'; read -r line`,
    );
    expect((await client.post({ jsonrpc: '2.0', id: 2, method: 'ping' })).messages).toEqual([
      { jsonrpc: '2.0', id: 2, result: {} },
    ]);
    expect((await client.ask('DELETE')).status).toBe(204);
    const { stderr } = await endedAs('closed-by-request');
    expect((stderr as string).split('\n').sort()).toEqual(['', 'Bye', 'Welcome!', '[]', '{"a": 1}']);
  });

  it('has messages passed on to the letter, both ways', async () => {
    const client = await begun(
      `${BEGIN()}; read -r line; printf '{"jsonrpc":"2.0", "result": {"got": %s, "n": 1.0}, "id":"a"}\\r\\n' "$line"; read -r line`,
    );
    const sent = '{"jsonrpc":"2.0",\n "id":"a", "method":"tools/call","params":{"big":12345678901234567890,"e":1e2}}';
    const { text, type } = await client.post(sent);
    expect(type).toContain('application/json');
    expect(text.trim()).toBe(`{"jsonrpc":"2.0", "result": {"got": ${sent.replace('\n', ' ')}, "n": 1.0}, "id":"a"}`);
    await client.ask('DELETE');
  });

  it('says more than fits: whoever waits is told, and the session is over', async () => {
    const client = await begun(`${BEGIN()}; read -r line; head -c 200000 /dev/zero | tr '\\0' x; exec sleep 3102`);
    const { messages } = await client.post({ jsonrpc: '2.0', id: 2, method: 'ping' });
    expect(messages[0]).toMatchObject({ id: 2, error: { code: -32000, data: { end: 'protocol-error' } } });
    await endedAs('protocol-error');
    expect(await running('sleep 3102')).toBe(0);
    expect((await client.post({ jsonrpc: '2.0', id: 3, method: 'ping' })).status).toBe(404);
  });

  it.each([
    ['messages that nobody hears', `while :; do echo '${NOTE}'; done`],
    ['answers to what nobody asked', `while :; do echo '{"jsonrpc":"2.0","id":77,"result":{}}'; done`],
    ['what is no message', 'exec yes'],
    ['errors', 'exec yes >&2'],
  ])('floods Muster with %s: it costs little, and ends when it is to', async (_what, flood) => {
    const client = await begun(`${BEGIN()}; ${flood} # 3103`);
    await sleep(500);
    const before = memory();
    await sleep(3000);
    expect(memory() - before).toBeLessThan(64);
    expect((await app.call('//healthz')).status).toBe(200);
    expect((await client.ask('DELETE')).status).toBe(204);
    expect(await running('server.sh')).toBe(0);
  });

  it('floods a client that does not read: it waits', async () => {
    const client = await begun(`${BEGIN()}; while :; do echo '${NOTE}'; done`);
    const stream = await client.open('GET');
    stream.pause();
    await sleep(1000);
    const before = memory();
    await sleep(2000);
    expect(memory() - before).toBeLessThan(64);
    expect((await client.ask('DELETE')).status).toBe(204);
    stream.destroy();
  });

  it('is heard after it was not: what it said meanwhile comes first, and nothing is lost', async () => {
    const client = await begun(
      `${BEGIN()}; n=0; while [ $n -lt 2000 ]; do n=$((n + 1)); echo '{"jsonrpc":"2.0","method":"n","params":{"n":'$n'}}'; done; read -r line; echo '{"jsonrpc":"2.0","id":2,"result":{}}'; read -r line`,
    );
    const { messages } = await client.post({ jsonrpc: '2.0', id: 2, method: 'ping' });
    expect(messages.slice(0, -1).map(({ params }) => params.n)).toEqual(Array.from({ length: 2000 }, (_, n) => n + 1));
    expect(messages.at(-1)).toEqual({ jsonrpc: '2.0', id: 2, result: {} });
    await client.ask('DELETE');
  });

  it('takes nothing: what waits for it is bound', async () => {
    const client = await begun(`${BEGIN()}; exec sleep 3104`);
    const text = 'x'.repeat(MIB);
    const posts = Array.from({ length: 14 }, () =>
      client.open('POST', { 'content-type': 'application/json' }, { jsonrpc: '2.0', method: 'n', params: { text } }),
    );
    // One fits into what lies between; of the others, so many wait, and no more.
    const refusal = await Promise.any(
      posts.map(async (post) => {
        const { statusCode } = await post;
        if (statusCode === 202) throw new Error('It was taken.');
        return statusCode;
      }),
    );
    expect(refusal).toBe(429);
    await client.ask('DELETE');
    for (const { statusCode } of await Promise.all(posts)) expect([202, 404, 429]).toContain(statusCode);
    expect(await running('sleep 3104')).toBe(0);
  });

  it('answers nothing: so many requests, and no more; each is told when the session ends', async () => {
    const client = await begun(`${BEGIN()}; exec cat >/dev/null`);
    const asked = Array.from({ length: 100 }, (_, id) => client.post({ jsonrpc: '2.0', id: id + 2, method: 'ping' }));
    await eventually(async () => {
      const { status, messages } = await client.post({ jsonrpc: '2.0', id: 'one more', method: 'ping' });
      expect([status, messages[0].code]).toEqual([429, 'MCP_SESSION_BUSY']);
    });
    await client.ask('DELETE');
    const answers = await Promise.all(asked);
    expect(answers.map(({ messages }) => messages[0].error.data.end)).toEqual(Array(100).fill('closed-by-request'));
  });

  it('never answers who begins: when that client leaves, it ends', async () => {
    const client = await clientOf('exec sleep 3105');
    const answer = client.open('POST', { 'content-type': 'application/json' }, INITIALIZE);
    await eventually(async () => {
      expect(await running('sleep 3105')).toBe(1);
    });
    const refused = expect(answer).rejects.toThrow();
    client.abandon();
    await refused;
    await endedAs('client-left');
    expect(await running('sleep 3105')).toBe(0);
  });

  it('does not want to end: it is ended', async () => {
    const client = await begun(
      `trap '' TERM HUP INT; ${BEGIN()}; (trap '' TERM HUP; exec setsid sh -c 'sleep 3106; sleep 3106') & while :; do sleep 3106; done`,
    );
    await eventually(async () => {
      expect(await running('sleep 3106')).toBeGreaterThan(1);
    });
    expect((await client.ask('DELETE')).status).toBe(204);
    expect(await running('sleep 3106')).toBe(0);
  });

  it('may send lists, and be sent some, in the one revision that has them', async () => {
    const list = [
      { jsonrpc: '2.0', id: 2, method: 'ping' },
      { jsonrpc: '2.0', method: 'notifications/x' },
      { jsonrpc: '2.0', id: 3, method: 'ping' },
    ];
    const answers = '[{"jsonrpc":"2.0","id":3,"result":{"n":3}},{"jsonrpc":"2.0","id":2,"result":{"n":2}}]';
    const old = await begun(`${BEGIN('2025-03-26')}; read -r line; echo '${answers}'; read -r line`);
    const { type, messages } = await old.post(list);
    expect(type).toContain('text/event-stream');
    expect(messages.map(({ result }) => result.n)).toEqual([3, 2]);
    await old.ask('DELETE');
    const newer = await begun(`${BEGIN()}; exec cat >/dev/null`);
    expect(await newer.post(list)).toMatchObject({ status: 422, messages: [{ code: 'VALIDATION_FAILED' }] });
    await newer.ask('DELETE');
  });

  it('is listened to on one stream: a new one takes the place of the old one', async () => {
    const client = await begun(`${BEGIN()}; read -r line; echo '${NOTE}'; read -r line`);
    const [first, ended] = [await client.open('GET'), once((await client.open('GET')).resume(), 'end')];
    await once(first.resume(), 'end');
    const heard = client.ask('GET');
    await ended;
    expect((await client.post({ jsonrpc: '2.0', method: 'notifications/initialized' })).status).toBe(202);
    await sleep(200);
    await client.ask('DELETE');
    expect((await heard).messages).toEqual([JSON.parse(NOTE)]);
  });
});
