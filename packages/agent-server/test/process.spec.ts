import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { AgentProcess, type AgentProcessOptions } from './support/agent-process.js';
import { buildConfiguration } from './support/build-configuration.js';
import { BUNDLE, ensureBundle } from './support/bundle.js';
import { callAgent } from './support/call-agent.js';

beforeAll(ensureBundle);

const started: AgentProcess[] = [];
const remembered = (agent: AgentProcess): AgentProcess => {
  started.push(agent);
  return agent;
};
const start = async (options?: AgentProcessOptions): Promise<AgentProcess> =>
  remembered(await AgentProcess.start(options));
const emptyFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'muster-agent-'));
afterEach(async () => {
  await Promise.all(started.splice(0).map((agent) => agent.end()));
});

/** The one JSON line on stderr that says why it ended. */
const fatalOf = (agent: AgentProcess): unknown => JSON.parse(agent.stderr);

describe('ending', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('exits 0 on %s and removes its socket', async (signal) => {
    const agent = await start();
    agent.process.kill(signal);
    expect(await agent.exited()).toEqual({ code: 0, signal: null });
    expect(existsSync(agent.socket)).toBe(false);
    expect(agent.stdout).toContain(`stopping on ${signal}`);
  });

  it('does not wait for connections that ask nothing', async () => {
    const agent = await start();
    const silent = connect(agent.socket);
    await once(silent, 'connect');
    const keepAlive = new Agent({ keepAlive: true });
    await callAgent(agent.socket, 'GET', '/v1/health', undefined, undefined, keepAlive);
    silent.on('error', () => undefined);
    agent.process.kill('SIGTERM');
    expect(await agent.exited()).toEqual({ code: 0, signal: null });
    silent.destroy();
    keepAlive.destroy();
  });

  it('finishes the run in flight first', async () => {
    const agent = await start();
    const systemPrompt = '<% await new Promise((resolve) => setTimeout(resolve, 200)) %>';
    await agent.call('PUT', '/v1/configuration', buildConfiguration({ systemPrompt }));
    const run = agent.call('POST', '/v1/runs', { runId: 'last', type: 'prompt', input: 'still' });
    await agent.logged(/run last started/);
    agent.process.kill('SIGTERM');
    expect((await run).body.output).toBe('echo: still');
    expect(await agent.exited()).toEqual({ code: 0, signal: null });
    expect(agent.stdout).toContain('stopping on SIGTERM, 1 in flight');
  });

  it('does not wait for a run for ever, and breaks a looping render off', async () => {
    const agent = await start({ environment: { MUSTER_RENDER_TIMEOUT_MS: '600000' } });
    await agent.call('PUT', '/v1/configuration', buildConfiguration({ systemPrompt: '<% for (;;); %>' }));
    const run = agent.call('POST', '/v1/runs', { runId: 'endless', type: 'prompt', input: '' });
    const outcome = expect(run).rejects.toThrow(/hang up|ECONNRESET/);
    await agent.logged(/run endless started/);
    agent.process.kill('SIGTERM');
    expect(await agent.exited()).toEqual({ code: 0, signal: null });
    await outcome;
  });

  it('ends also when a render sits in a system call that nothing interrupts', async () => {
    // Long enough for the render to have begun, on a busy machine too.
    const agent = await start({ environment: { MUSTER_RENDER_TIMEOUT_MS: '2000' } });
    await promisify(execFile)('mkfifo', [join(agent.folder, 'fifo')]);
    const systemPrompt = '<% process.getBuiltinModule("fs").readFileSync("fifo") %>';
    await agent.call('PUT', '/v1/configuration', buildConfiguration({ systemPrompt }));
    const { body } = await agent.call('POST', '/v1/runs', { runId: 'r', type: 'prompt', input: '' });
    expect(body.code).toBe('PROMPT_RENDER_TIMEOUT');
    agent.process.kill('SIGTERM');
    expect((await agent.exited()).signal).toBe('SIGABRT');
    expect(agent.stdout).toContain('a render worker does not end: aborting');
  });
});

describe('starting', () => {
  it('takes over the socket file of a killed predecessor', async () => {
    const killed = await start();
    killed.process.kill('SIGKILL');
    await killed.exited();
    expect(existsSync(killed.socket)).toBe(true);
    const next = remembered(AgentProcess.launchIn(killed.folder));
    await next.answering();
    expect((await next.call('GET', '/v1/health')).status).toBe(200);
  });

  it('leaves a socket alone that somebody answers on', async () => {
    const first = await start();
    const second = remembered(AgentProcess.launchIn(first.folder));
    expect(await second.exited()).toEqual({ code: 1, signal: null });
    expect(fatalOf(second)).toMatchObject({ level: 'fatal', code: 'SOCKET_IN_USE' });
    expect((await first.call('GET', '/v1/health')).status).toBe(200);
  });

  it('leaves a file alone that is no socket', async () => {
    const folder = await emptyFolder();
    await writeFile(join(folder, 'agent.sock'), 'precious');
    const agent = remembered(AgentProcess.launchIn(folder));
    expect(await agent.exited()).toEqual({ code: 1, signal: null });
    expect(fatalOf(agent)).toMatchObject({ code: 'SOCKET_PATH_OCCUPIED' });
    expect(await readFile(agent.socket, 'utf8')).toBe('precious');
  });

  it('does not follow a symlink, not even to a stale socket', async () => {
    const folder = await emptyFolder();
    await symlink(join(folder, 'elsewhere.sock'), join(folder, 'agent.sock'));
    const agent = remembered(AgentProcess.launchIn(folder));
    expect(await agent.exited()).toEqual({ code: 1, signal: null });
    expect(fatalOf(agent)).toMatchObject({ code: 'SOCKET_PATH_OCCUPIED' });
  });

  it('says in one JSON line what is wrong with its environment', async () => {
    const folder = await emptyFolder();
    const agent = remembered(AgentProcess.launchIn(folder, { environment: { MUSTER_RENDER_TIMEOUT_MS: 'soon' } }));
    expect(await agent.exited()).toEqual({ code: 1, signal: null });
    expect(fatalOf(agent)).toMatchObject({ code: 'USAGE', message: expect.stringContaining('"soon"') });
    expect(agent.stderr.trimEnd()).not.toContain('\n');
  });

  it('serves where MUSTER_SOCKET says when nothing else is said', async () => {
    const folder = await emptyFolder();
    const agent = remembered(
      AgentProcess.launchIn(folder, { bare: true, environment: { MUSTER_SOCKET: join(folder, 'agent.sock') } }),
    );
    await agent.answering();
    expect((await agent.call('GET', '/v1/health')).status).toBe(200);
  });

  it('works in its workspace, whatever its socket is told by', async () => {
    const folder = await emptyFolder();
    const environment = { MUSTER_SOCKET: '/proc/self/cwd/agent.sock', MUSTER_WORKSPACE: '/usr/share' };
    const agent = remembered(AgentProcess.launchIn(folder, { bare: true, environment }));
    await agent.answering();
    await agent.call(
      'PUT',
      '/v1/configuration',
      buildConfiguration({ systemPrompt: '<% throw Error(process.cwd()) %>' }),
    );
    const { body } = await agent.call('POST', '/v1/runs', { runId: 'r', type: 'prompt', input: '' });
    expect(body.message).toContain('/usr/share');
  });

  it('ends when it cannot enter its workspace', async () => {
    const agent = remembered(await AgentProcess.launch({ environment: { MUSTER_WORKSPACE: '/not/there' } }));
    expect(await agent.exited()).toEqual({ code: 1, signal: null });
    expect(fatalOf(agent)).toMatchObject({ code: 'WORKSPACE_UNUSABLE' });
  });

  it('tells its version', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [BUNDLE, '--version']);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
