import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { connect as dial } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { ADMIN_KEY, TestApp, type Answer } from '../support/app.js';
import { describeEngine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { runInside } from '../support/inside-container.js';
import { TerminalClient, type Refused } from '../support/terminal-client.js';

const BEARER = { authorization: `Bearer ${ADMIN_KEY}` };
const MIB = 1024 * 1024;

describeEngine('terminals', () => {
  let app: TestApp;
  let agent: TestAgent;
  let container: string;

  beforeAll(async () => {
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST, TERMINALS_PER_AGENT: '3' });
    agent = await agentOf(app);
    const { body } = await app.call(`${agent.path}/actions`, { method: 'POST', body: { action: 'start' } });
    container = body.containerId as string;
  });

  afterAll(async () => {
    await app.call(`${agent.path}/actions`, { method: 'POST', body: { action: 'destroy' } });
    await app.stop();
  });

  const ask = (body: object = {}, key = ADMIN_KEY): Promise<Answer> =>
    app.call(`${agent.path}/terminals`, { method: 'POST', body: { cols: 80, rows: 24, ...body }, key });
  const connect = async (path: string, headers: Record<string, string> = {}): Promise<TerminalClient> => {
    const client = await TerminalClient.connect(app.url, path, headers);
    if (!(client instanceof TerminalClient)) throw new Error(JSON.stringify(client));
    return client;
  };
  const refused = async (path: string, headers: Record<string, string> = {}): Promise<Refused> => {
    const client = await TerminalClient.connect(app.url, path, headers);
    if (client instanceof TerminalClient) throw new Error('It was let in.');
    return client;
  };
  const opened = async (body: object = {}): Promise<TerminalClient & { id: string }> => {
    const { status, body: made } = await ask(body);
    expect([status, made.code]).toEqual([201, undefined]);
    const client = await connect(`${made.path}?ticket=${made.ticket}`);
    return Object.assign(client, { id: made.id as string });
  };
  const shown = async (id: string): Promise<any> => (await app.call(`${agent.path}/terminals/${id}`)).body;
  const ended = async (id: string): Promise<any> =>
    eventually(async () => {
      const terminal = await shown(id);
      expect(terminal.state).toBe('ended');
      return terminal;
    });
  const processes = async (commandLine: string): Promise<number> => {
    const script = `for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$f; echo; done 2>/dev/null`;
    const { said } = await runInside(container, ['sh', '-c', script]);
    return said.split('\n').filter((line) => line.trim() === commandLine).length;
  };

  it('are real: a size that changes, input that is read, and an exit code', async () => {
    const client = await opened({ cols: 91, rows: 17, env: { WORD: 'magic' } });
    client.type('stty size; echo $WORD $TERM; pwd\r');
    await client.sees(/17 91\r\nmagic xterm-256color\r\n\/workspace\r\n/);
    client.control({ resize: { cols: 132, rows: 50 } });
    client.type('stty size\r');
    await client.sees(/50 132/);
    client.type('read -r name; echo "hello $name"\r');
    client.type('Ada\r');
    await client.sees(/hello Ada\r\n/);
    client.type('exit 7\r');
    expect(await client.ends()).toEqual({ code: 1000, reason: 'exited' });
    expect(client.controls).toEqual([{ exit: 7 }]);
    expect(await ended(client.id)).toMatchObject({ end: 'exited', exitCode: 7, envNames: ['WORD'] });
    await eventually(async () => {
      const { body } = await app.call(`/audit/events?subject=${client.id}`);
      const types = (body.items as { type: string }[]).map(({ type }) => type);
      expect(types.sort()).toEqual(['terminal.closed', 'terminal.opened']);
    });
    const stored = JSON.stringify(await app.database.db.collection('terminals').find({}).toArray());
    expect(stored).not.toContain('magic');
  });

  it('take Ctrl-C', async () => {
    const client = await opened();
    client.type('sleep 1001; echo "ended with $?"\r');
    await eventually(async () => {
      expect(await processes('sleep 1001')).toBe(1);
    });
    client.type('\u0003');
    client.type('echo "last was $?"\r');
    await client.sees(/last was 130/);
    client.socket.close();
    expect(await ended(client.id)).toMatchObject({ end: 'client-left', exitCode: null });
  });

  it('end with every process of theirs when the connection is cut', async () => {
    const client = await opened();
    client.type('setsid sleep 1002 & sleep 1002 & sleep 1002\r');
    await eventually(async () => {
      expect(await processes('sleep 1002')).toBe(3);
    });
    client.socket.terminate();
    await ended(client.id);
    expect(await processes('sleep 1002')).toBe(0);
  });

  it('cost Muster nothing when nobody reads a flood', async () => {
    const client = await opened({ command: ['cat', '/dev/urandom'] });
    client.socket.pause();
    await sleep(500);
    const before = process.memoryUsage();
    await sleep(3000);
    const after = process.memoryUsage();
    expect((after.arrayBuffers + after.external - before.arrayBuffers - before.external) / MIB).toBeLessThan(16);
    expect((await app.call(`${agent.path}/terminals/${client.id}`, { method: 'DELETE' })).status).toBe(204);
    expect(await ended(client.id)).toMatchObject({ end: 'closed-by-request' });
    expect(await processes('cat /dev/urandom')).toBe(0);
    client.socket.terminate();
  });

  it('pass on more than fits at once, to the byte', async () => {
    const client = await opened({ command: 'stty raw -echo; echo ready; head -c 3000000 | sha256sum' });
    await client.sees(/ready\r?\n/);
    const piece = Buffer.alloc(50_000, 'muster');
    for (let n = 0; n < 60; n += 1) client.socket.send(piece, { binary: true });
    const hash = createHash('sha256');
    for (let n = 0; n < 60; n += 1) hash.update(piece);
    await client.sees(new RegExp(hash.digest('hex')));
    await client.ends();
  });

  it('open once, with their own ticket or their own key, within their tenant', async () => {
    const { body: made } = await ask();
    expect(await refused(made.path as string)).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
    expect((await refused(`${made.path}?ticket=${'x'.repeat(43)}`)).status).toBe(401);
    const { body: other } = await ask();
    // A ticket is for one terminal, and a wrong use does not use it up.
    expect((await refused(`${other.path}?ticket=${made.ticket}`)).status).toBe(401);
    const { body: tenant } = await app.call('/tenants', { method: 'POST', body: { name: 'strangers' } });
    const foreign = { authorization: `Bearer ${tenant.adminKey.key}` };
    expect(await refused(made.path as string, foreign)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    const { body: viewer } = await app.call('/api-keys', { method: 'POST', body: { name: 'v', role: 'viewer' } });
    expect((await refused(made.path as string, { authorization: `Bearer ${viewer.key}` })).status).toBe(403);
    const { body: operator } = await app.call('/api-keys', { method: 'POST', body: { name: 'o', role: 'operator' } });
    expect(await refused(made.path as string, { authorization: `Bearer ${operator.key}` })).toMatchObject({
      status: 409,
      body: { code: 'TERMINAL_NOT_WAITING' },
    });
    const client = await connect(`${made.path}?ticket=${made.ticket}`);
    expect((await refused(`${made.path}?ticket=${made.ticket}`)).status).toBe(401);
    expect(await refused(made.path as string, BEARER)).toMatchObject({ body: { code: 'TERMINAL_NOT_WAITING' } });
    const byKey = await connect(other.path as string, BEARER);
    byKey.type('exit\r');
    await byKey.ends();
    client.socket.close();
    await ended(made.id as string);
  });

  it('do not open to pages of other sites, nor to what is no handshake', async () => {
    const { body: made } = await ask();
    const evil = { ...BEARER, origin: 'https://evil.example.com' };
    expect(await refused(made.path as string, evil)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    const path = (made.path as string).replace('/api/v1', '');
    const plain = await app.call(path, { headers: { ...BEARER } });
    expect(plain).toMatchObject({ status: 200, body: { id: made.id, state: 'waiting' } });
    const client = await connect(made.path as string, { ...BEARER, origin: app.url });
    client.control({ resize: { cols: 0, rows: 1 } });
    expect(await client.ends()).toEqual({ code: 1008, reason: 'protocol-error' });
    await ended(made.id as string);
  });

  it('close within seconds when their key is revoked', async () => {
    const { body: key } = await app.call('/api-keys', { method: 'POST', body: { name: 'gone', role: 'operator' } });
    const { body: made } = await ask({}, key.key as string);
    const client = await connect(made.path as string, { authorization: `Bearer ${key.key}` });
    await app.call(`/api-keys/${key.id}`, { method: 'DELETE' });
    expect(await client.ends()).toEqual({ code: 1008, reason: 'access-lost' });
    expect(await ended(made.id as string)).toMatchObject({ end: 'access-lost' });
  });

  it('are as many as they may be, waiting ones counted', async () => {
    await eventually(async () => {
      const live = await app.database.db.collection('terminals').countDocuments({ state: { $ne: 'ended' } });
      expect(live).toBe(0);
    });
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask()));
    const made = answers.filter(({ status }) => status === 201);
    expect(made.length).toBeLessThanOrEqual(3);
    const over = answers.find(({ status }) => status !== 201);
    expect([over?.status, over?.body.code]).toEqual([429, 'TOO_MANY_TERMINALS']);
    for (const { body } of made) await app.call(`${agent.path}/terminals/${body.id}`, { method: 'DELETE' });
    expect((await ask()).status).toBe(201);
  });

  it('do not keep clients of HTTP/2 from asking, with a body', async () => {
    const body = JSON.stringify({ name: 'over-h2c', role: 'developer' });
    const { hostname, port } = new URL(app.url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = dial(Number(port), hostname, () => {
        socket.write(
          `POST /api/v1/templates HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n` +
            `Authorization: Bearer ${ADMIN_KEY}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
        );
        setTimeout(() => socket.write(body.slice(9)), 50);
      });
      let text = '';
      socket.on('data', (data) => (text += data.toString()));
      socket.on('close', () => {
        resolve(text);
      });
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 201 Created/);
  });
});
