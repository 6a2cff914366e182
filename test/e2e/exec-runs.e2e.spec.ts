import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { ADMIN_KEY, TestApp, type Answer } from '../support/app.js';
import { describeEngine, engine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

interface SentEvent {
  readonly event: string;
  readonly id: string | null;
  readonly data: any;
}

/** Server-sent events of a path until the stream ends, or until there are enough; asked after each piece that comes. */
async function events(
  app: TestApp,
  path: string,
  enough: (seen: readonly SentEvent[]) => boolean | Promise<boolean> = () => false,
  headers: Record<string, string> = {},
): Promise<SentEvent[]> {
  const leave = new AbortController();
  const response = await fetch(`${app.url}/api/v1${path}`, {
    headers: { authorization: `Bearer ${ADMIN_KEY}`, ...headers },
    signal: leave.signal,
  });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  const seen: SentEvent[] = [];
  let text = '';
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + piece).split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks.filter((each) => !each.startsWith(':'))) {
      const field = (name: string): string | null => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? null;
      seen.push({ event: field('event')!, id: field('id'), data: JSON.parse(field('data')!) });
    }
    if (await enough(seen)) {
      leave.abort();
      break;
    }
  }
  return seen;
}

describeEngine('commands in an agent', () => {
  let app: TestApp;
  let agent: TestAgent;

  beforeAll(async () => {
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST });
    agent = await agentOf(app, { manifest: { resources: { pids: 64 } } });
    const started = await app.call(`${agent.path}/actions`, { method: 'POST', body: { action: 'start' } });
    expect(started.body).toMatchObject({ state: 'running' });
  });

  afterAll(async () => {
    await app.call(`/projects/${agent.projectId}`, { method: 'DELETE' });
    await eventually(async () => {
      expect(await app.database.db.collection('agent_instances').countDocuments({ removedAt: null })).toBe(0);
    });
    await app.stop();
  });

  const exec = async (body: object, headers: Record<string, string> = {}): Promise<Answer> =>
    app.call(`${agent.path}/runs`, { method: 'POST', body: { type: 'exec', ...body }, headers });
  const open = async (body: object): Promise<string> => {
    const { status, body: run } = await exec(body, { prefer: 'respond-async' });
    expect(status).toBe(202);
    return run.id as string;
  };
  /** Command lines of all that runs in the container, seen by the engine. */
  const inside = async (): Promise<string[]> => {
    const { body } = await app.call(`${agent.path}/lifecycle`);
    const { Titles, Processes } = (await engine.getContainer(body.containerId as string).top()) as {
      Titles: string[];
      Processes: string[][];
    };
    return Processes.map((row) => row[Titles.indexOf('CMD')] ?? row.at(-1)!);
  };
  const noneOf = async (word: string): Promise<void> => {
    await eventually(async () => {
      expect((await inside()).filter((line) => line.includes(word))).toEqual([]);
    });
  };
  const healthy = async (): Promise<void> => {
    const answer = await app.call(`${agent.path}/runs`, { method: 'POST', body: { type: 'prompt', input: 'Well?' } });
    expect(answer.body).toMatchObject({ status: 'passed', exec: null, stdoutFacts: null });
  };

  it('keeps what they wrote and how they ended, and neither input nor secrets', async () => {
    const answer = await exec({
      command: ['sh', '-c', 'pwd; cat; echo "$TOKEN" | wc -c; printf "a\\000b" >&2; exit 4'],
      cwd: '/workspace',
      env: { TOKEN: 'very-secret' },
      stdin: 'from stdin ü\n',
      timeoutSeconds: 20,
    });
    const stdout = '/workspace\nfrom stdin ü\n12\n';
    expect([answer.status, answer.body]).toMatchObject([
      200,
      {
        type: 'exec',
        status: 'failed',
        input: null,
        exec: { cwd: '/workspace', envNames: ['TOKEN'], timeoutSeconds: 20 },
        exitCode: 4,
        stdout,
        stderr: 'a\u0000b',
        stdoutFacts: { bytes: Buffer.byteLength(stdout), truncated: false },
        stderrFacts: { bytes: 3, truncated: false },
        resultHash: sha256(stdout),
        error: null,
      },
    ]);
    expect((await app.call(`${agent.path}/runs/${answer.body.id}`)).body).toEqual(answer.body);
    const stored = JSON.stringify(await app.database.db.collection('runs').find().toArray());
    expect(stored).not.toContain('very-secret');
    const passed = await exec({ command: 'echo "$0 $((1 + 1))"' });
    expect(passed.body).toMatchObject({ status: 'passed', exitCode: 0, stdout: '/bin/sh 2\n' });
    expect(passed.body.exec.command).toEqual(['/bin/sh', '-c', 'echo "$0 $((1 + 1))"']);
  });

  it('tells everything that is wrong with a request', async () => {
    const wrong = await exec({
      command: [],
      env: { MUSTER_X: '1' },
      cwd: '../etc',
      stdin: 7,
      timeoutSeconds: 0,
      user: 'root',
    });
    expect(wrong.status).toBe(422);
    const pointers = (wrong.body.errors as { pointer: string }[]).map(({ pointer }) => pointer);
    expect(new Set(pointers)).toEqual(new Set(['/command', '/env', '/cwd', '/stdin', '/timeoutSeconds', '/user']));
    for (const body of [
      { command: '' },
      { command: 7 },
      { command: ['a', 1] },
      { command: ['a\u0000'] },
      { command: 'x'.repeat(65_537) },
      { command: Array.from({ length: 257 }, () => 'x') },
      { command: 'x', env: { 'A=B': '' } },
      { command: 'x', env: { A: 1 } },
      { command: 'x', env: [] },
      { command: 'x', cwd: '/workspace/../etc' },
      { command: 'x', cwd: '/workspaces' },
      { command: 'x', timeoutSeconds: 3601 },
      { command: 'x', input: 'x' },
    ]) {
      expect([body, (await exec(body)).body]).toMatchObject([body, { status: 422, code: 'VALIDATION_FAILED' }]);
    }
  });

  it('shows output as it comes, lets a reader come back, and tells the rest from the record', async () => {
    const id = await open({
      command: 'echo one; read -r line; echo two >&2; until [ -e go ]; do sleep 0.1; done; echo three',
      stdin: 'x\n',
    });
    const path = `${agent.path}/runs/${id}/stream`;
    const first = await events(app, path, (seen) => seen.length === 2);
    // Which of two streams the engine tells first is its own affair.
    const said = first.map(({ data }) => `${data.stream} ${data.text}`);
    expect(said.sort()).toEqual(['stderr two\n', 'stdout one\n']);
    // Back after the first of both, the reader gets the second: so it is there before the command goes on.
    let goesOn = false;
    const goOn = async (): Promise<boolean> => {
      if (!goesOn) await exec({ command: ['touch', 'go'] });
      goesOn = true;
      return false;
    };
    const rest = await events(app, path, goOn, { 'last-event-id': first[0]!.id! });
    const end = { event: 'end', data: { id, status: 'passed', stdout: 'one\nthree\n', stderr: 'two\n' } };
    expect(rest).toMatchObject([
      { id: first[1]!.id, data: first[1]!.data },
      { event: 'output', data: { stream: 'stdout', text: 'three\n' } },
      end,
    ]);
    // Who comes back after that has missed nothing; who comes for the first time is told all.
    expect(await events(app, path, undefined, { 'last-event-id': rest[1]!.id! })).toMatchObject([end]);
    const all = await events(app, path);
    const textOf = (stream: string): string =>
      all.flatMap(({ event, data }) => (event === 'output' && data.stream === stream ? [data.text] : [])).join('');
    expect([textOf('stdout'), textOf('stderr'), all.at(-1)]).toMatchObject(['one\nthree\n', 'two\n', end]);
  });

  it('keeps the newest of a flood, and stays small', async () => {
    const before = process.memoryUsage.rss();
    const answer = await exec(
      { command: 'yes | head -c 200M; echo; echo last', timeoutSeconds: 120 },
      { prefer: 'wait=100' },
    );
    expect(answer.body).toMatchObject({ status: 'passed', stdoutFacts: { bytes: 200 * 2 ** 20 + 6, truncated: true } });
    expect(answer.body.stdout.length).toBeLessThanOrEqual(2 ** 20);
    expect(answer.body.stdout).toMatch(/y\n\nlast\n$/);
    expect(process.memoryUsage.rss() - before).toBeLessThan(150 * 2 ** 20);
    await healthy();
  });

  it('can be cancelled with all that they started, again and again', async () => {
    const id = await open({
      command: `trap '' TERM; sleep 4321 & setsid sleep 4321 & (env -i sleep 4321; :) & echo up; sleep 4321; sleep 4321`,
    });
    await events(app, `${agent.path}/runs/${id}/stream`, (seen) => seen.length > 0);
    const cancel = (): Promise<Answer> =>
      app.call(`${agent.path}/runs/${id}/cancel`, { method: 'POST', headers: { prefer: 'wait=60' } });
    const cancelled = await cancel();
    expect([cancelled.status, cancelled.body]).toMatchObject([
      200,
      { status: 'cancelled', exitCode: null, stdout: 'up\n', error: null },
    ]);
    expect(await cancel()).toMatchObject({ status: 200, body: cancelled.body });
    await noneOf('sleep 4321');
    await healthy();
  });

  it('end when their time is up, whatever they forked, and when input never ends', async () => {
    const bomb = 'i=0; while [ $i -lt 40 ]; do sleep 5432 & i=$((i+1)); done; cat /dev/zero | cat >/dev/null; wait';
    const { body } = await exec({ command: bomb, timeoutSeconds: 2 }, { prefer: 'wait=100' });
    expect(body).toMatchObject({ status: 'timed_out', error: { code: 'RUN_TIMEOUT' } });
    await noneOf('sleep 5432');
    await healthy();
  });

  it('shows what the agent uses, once and as a stream', async () => {
    const limits = { memoryLimitBytes: 512 * 2 ** 20, pidsLimit: 64, network: null };
    expect((await app.call(`${agent.path}/stats`)).body).toMatchObject({ ...limits, cpuPercent: expect.any(Number) });
    const seen = await events(app, `${agent.path}/stats?stream=true`, (all) => all.length === 2);
    for (const { event, data } of seen) expect([event, data]).toMatchObject(['stats', limits]);
    expect((await app.call(`${agent.path}/stats?stream=perhaps`)).status).toBe(422);
  });

  it('shows what it has read from disks and written to them, where the engine measures that', async () => {
    const command = 'dd if=/dev/zero of=io bs=1M count=4 oflag=direct && dd if=io of=/dev/null bs=1M iflag=direct';
    expect((await exec({ command })).body).toMatchObject({ status: 'passed' });
    const { containerId } = (await app.call(`${agent.path}/lifecycle`)).body as { containerId: string };
    const { blkio_stats: seen } = await engine.getContainer(containerId).stats({ stream: false, 'one-shot': true });
    const bytes = 4 * 2 ** 20;
    const measured = (seen?.io_service_bytes_recursive as unknown[] | null | undefined) ?? [];
    const { blockReadBytes, blockWrittenBytes } = (await app.call(`${agent.path}/stats`)).body;
    if (measured.length === 0) expect([blockReadBytes, blockWrittenBytes]).toEqual([null, null]);
    else expect(Math.min(blockReadBytes as number, blockWrittenBytes as number)).toBeGreaterThanOrEqual(bytes);
  });

  it('ends the command of an agent that is stopped, and takes none for one that does not run', async () => {
    const id = await open({ command: 'echo up; sleep 6543' });
    await events(app, `${agent.path}/runs/${id}/stream`, (seen) => seen.length > 0);
    await app.call(`${agent.path}/actions`, { method: 'POST', body: { action: 'stop' } });
    await eventually(async () => {
      const { body } = await app.call(`${agent.path}/runs/${id}`);
      expect(body).toMatchObject({ status: 'failed', stdout: 'up\n' });
    });
    expect((await exec({ command: 'true' })).body).toMatchObject({ status: 409, code: 'AGENT_NOT_RUNNING' });
    expect((await app.call(`${agent.path}/stats`)).body).toMatchObject({ status: 409, code: 'AGENT_NOT_RUNNING' });
  });
});
