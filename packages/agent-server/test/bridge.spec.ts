import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { AgentProcess } from './support/agent-process.js';
import { buildConfiguration } from './support/build-configuration.js';
import { BUNDLE, ensureBundle } from './support/bundle.js';

let agent: AgentProcess;
let bridges: ChildProcessWithoutNullStreams[] = [];

beforeAll(ensureBundle);
beforeEach(async () => {
  agent = await AgentProcess.start();
});
afterEach(async () => {
  bridges.forEach((bridge) => bridge.kill('SIGKILL'));
  bridges = [];
  await agent.end();
});

function openBridge(socket = agent.socket): ChildProcessWithoutNullStreams {
  const bridge = spawn(process.execPath, [BUNDLE, 'bridge', '--socket', socket], { env: { PATH: '/usr/bin:/bin' } });
  bridges.push(bridge);
  return bridge;
}

/** A client that keeps to one connection: the bridge's stdin and stdout. */
class BridgeAgent extends Agent {
  readonly #stream: Duplex;

  constructor(bridge: ChildProcessWithoutNullStreams) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#stream = Duplex.from({ writable: bridge.stdin, readable: bridge.stdout });
  }

  override createConnection(): Duplex {
    return Object.assign(this.#stream, {
      setKeepAlive: () => true,
      ref: () => true,
      unref: () => true,
      setTimeout: () => true,
    });
  }
}

function call(client: Agent, method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ agent: client, host: 'agent', method, path }, (response) => {
      text(response).then((received) => {
        resolve({ status: response.statusCode ?? 0, text: received });
      }, reject);
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

describe('a bridge', () => {
  it('carries one connection with many requests, large ones too', async () => {
    const client = new BridgeAgent(openBridge());
    expect((await call(client, 'GET', '/v1/health')).status).toBe(200);
    expect((await call(client, 'PUT', '/v1/configuration', buildConfiguration())).status).toBe(204);
    const input = 'ü'.repeat(1_500_000);
    const { status, text: answer } = await call(client, 'POST', '/v1/runs', { runId: 'r', type: 'prompt', input });
    expect(status).toBe(200);
    expect(JSON.parse(answer)).toMatchObject({ output: `echo: ${input}` });
    client.destroy();
  });

  it('ends when its stdin ends', async () => {
    const bridge = openBridge();
    bridge.stdin.end();
    expect(await once(bridge, 'close')).toEqual([0, null]);
  });

  it('ends when the agent ends', async () => {
    const bridge = openBridge();
    bridge.stdin.write('GET /v1/health HTTP/1.1\r\nhost: agent\r\n\r\n');
    await once(bridge.stdout, 'data');
    const closed = once(bridge, 'close');
    agent.process.kill('SIGTERM');
    expect(await closed).toEqual([0, null]);
  });

  it('cancels what runs when it ends', async () => {
    const systemPrompt = '<% await new Promise((resolve) => setTimeout(resolve, 1900)) %>';
    await agent.call('PUT', '/v1/configuration', buildConfiguration({ systemPrompt }));
    const bridge = openBridge();
    const body = JSON.stringify({ runId: 'far', type: 'prompt', input: '' });
    bridge.stdin.write(`POST /v1/runs HTTP/1.1\r\nhost: agent\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await agent.logged(/run far started/);
    bridge.stdin.end();
    await agent.logged(/run far cancelled/);
  });

  it('says in one JSON line that nobody answers', async () => {
    const bridge = openBridge(`${agent.folder}/nobody.sock`);
    const [said, [code]] = await Promise.all([text(bridge.stderr), once(bridge, 'close')]);
    expect(code).toBe(1);
    expect(JSON.parse(said)).toMatchObject({ code: 'SOCKET_UNREACHABLE' });
  });
});
