import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from '@jest/globals';
import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { MAX_BODY_BYTES } from '../src/protocol.js';
import { AgentProcess } from './support/agent-process.js';
import { buildConfiguration } from './support/build-configuration.js';
import { ensureBundle } from './support/bundle.js';

beforeAll(ensureBundle);

describe('an agent-server before its configuration', () => {
  let agent: AgentProcess;
  beforeEach(async () => {
    agent = await AgentProcess.start();
  });
  afterEach(() => agent.end());

  it('says its version and that it has no configuration', async () => {
    const { status, body } = await agent.call('GET', '/v1/health');
    expect(status).toBe(200);
    expect(body).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/), configured: null });
  });

  it('refuses a run', async () => {
    const { status, body } = await agent.call('POST', '/v1/runs', { runId: 'r', type: 'prompt', input: 'x' });
    expect(status).toBe(409);
    expect(body).toEqual({ code: 'NOT_CONFIGURED', message: expect.stringContaining('PUT /v1/configuration') });
  });

  it('takes a configuration, the same once more, and another in its place', async () => {
    const first = buildConfiguration({ displayName: 'first' });
    const second = buildConfiguration({ displayName: 'second' });
    for (const configuration of [first, first, second]) {
      expect((await agent.call('PUT', '/v1/configuration', configuration)).status).toBe(204);
    }
    expect((await agent.call('GET', '/v1/health')).body).toMatchObject({ configured: second.digest });
    expect(agent.stdout.match(/configured/g)).toHaveLength(2);
    expect(agent.stdout).toContain(`configured web-app-dev-1 ${second.digest.slice(0, 12)}`);
  });

  it('keeps the configuration it has when the next one is refused', async () => {
    const configuration = buildConfiguration();
    await agent.call('PUT', '/v1/configuration', configuration);
    const { status } = await agent.call('PUT', '/v1/configuration', { ...configuration, soul: 7, digest: 'x' });
    expect(status).toBe(422);
    expect((await agent.call('GET', '/v1/health')).body).toMatchObject({ configured: configuration.digest });
  });

  it('lets nobody but the owner connect', async () => {
    expect((await stat(agent.socket)).mode & 0o777).toBe(0o600);
  });
});

describe('requests that are refused', () => {
  let agent: AgentProcess;
  beforeAll(async () => {
    agent = await AgentProcess.start();
  });
  afterAll(() => agent.end());

  it('lists all faults of a body', async () => {
    const { status, body } = await agent.call('PUT', '/v1/configuration', {
      ...buildConfiguration(),
      role: 1,
      surprise: true,
      config: { model: 'm', provider: 'echo', skills: '', mcpServers: {} },
    });
    expect(status).toBe(422);
    expect(body.code).toBe('VALIDATION_FAILED');
    for (const fault of ['/role must', '/surprise is', '/config/canWriteCode is missing', '/config/mcpServers must']) {
      expect(body.message).toContain(fault);
    }
  });

  it.each([
    ['no JSON', '{"runId": "secret words'],
    ['nothing', ''],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22])],
  ])('cannot read %s', async (_what, body) => {
    const answer = await agent.call('POST', '/v1/runs', body);
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('MALFORMED_REQUEST');
    expect(answer.text).not.toContain('secret');
  });

  it.each([
    ['GET', '/v1/runs'],
    ['POST', '/v1/health'],
    ['GET', '/'],
    ['GET', '/v1/health?x=1'],
    ['GET', '/v1/../v1/health'],
  ])('knows no %s %s, and says what it knows', async (method, path) => {
    const { status, body } = await agent.call(method, path);
    expect(status).toBe(404);
    expect(body).toEqual({ code: 'ROUTE_NOT_FOUND', message: expect.stringContaining('POST /v1/runs') });
  });

  it('refuses a body above the limit, told by its length or not, and still serves', async () => {
    const { status, body } = await agent.call('POST', '/v1/runs', Buffer.alloc(MAX_BODY_BYTES + 1, 'x'));
    expect(status).toBe(413);
    expect(body).toEqual({ code: 'BODY_TOO_LARGE', message: expect.stringContaining(`${MAX_BODY_BYTES}`) });
    expect((await agent.call('GET', '/v1/health')).status).toBe(200);
  });

  it('takes a body of exactly the limit', async () => {
    const shell = JSON.stringify({ runId: 'r', type: 'prompt', input: '' });
    const body = shell.replace('""', `"${'x'.repeat(MAX_BODY_BYTES - shell.length)}"`);
    expect(Buffer.byteLength(body)).toBe(MAX_BODY_BYTES);
    expect((await agent.call('POST', '/v1/runs', body)).body.code).toBe('NOT_CONFIGURED');
  });

  it('answers what is no HTTP in its own words', async () => {
    const socket = connect(agent.socket);
    socket.write('hello there\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"code":"MALFORMED_REQUEST"');
  });
});

describe('the log', () => {
  it('tells runs and configurations, but never what is in them', async () => {
    const agent = await AgentProcess.start();
    try {
      const secrets = { soul: 'SECRET-SOUL', systemPrompt: 'SECRET-PROMPT <% console.log("SECRET-PRINTED") %>' };
      await agent.call('PUT', '/v1/configuration', buildConfiguration(secrets));
      const run = { runId: 'run-7\nforged line', type: 'prompt', input: 'SECRET-INPUT' };
      expect((await agent.call('POST', '/v1/runs', run)).status).toBe(200);
      const failing = { systemPrompt: '<% throw new Error("SECRET-ERROR") %>' };
      await agent.call('PUT', '/v1/configuration', buildConfiguration(failing));
      await agent.call('POST', '/v1/runs', { ...run, runId: 'run-8' });
      expect(agent.stdout).toMatch(/^started agent-server .*\nconfigured .*\nrun run-7\?forged line started\n/);
      expect(agent.stdout).toMatch(/run run-7\?forged line ended after \d+ ms\n/);
      expect(agent.stdout).toMatch(/run run-8 failed: PROMPT_RENDER_FAILED after \d+ ms\n/);
      expect(agent.stdout + agent.stderr).not.toContain('SECRET');
    } finally {
      await agent.end();
    }
  });
});
