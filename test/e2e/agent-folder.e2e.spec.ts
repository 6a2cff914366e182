import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { agentOf, agentsOf, type TestAgent } from '../support/agent-team.js';
import { TestApp } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { AGENT_IMAGE, describeEngine, ENGINE_HOST, SMALL_IMAGE } from '../support/engine.js';
import { runInside, saidInside } from '../support/inside-container.js';

const CLIENT = '/Agent/client/AgentMcpClient.mjs';
const SERVE = 'exec node /opt/muster/agent-server.mjs';

/** A server of MCP over HTTP, as an agent's own program: it says who asked for what. */
const TOOLS = `
  require('node:http').createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => { body += piece; }).on('end', () => {
      const { id, method, params } = JSON.parse(body);
      if (id === undefined) return response.writeHead(202).end();
      const results = {
        initialize: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 't', version: '1' } },
        'tools/list': { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] },
        'tools/call': { content: [{ type: 'text', text: process.env.MUSTER_AGENT_NAME + ' heard ' + params?.arguments?.text }] },
      };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: results[method] }));
    });
  }).listen(7000, '127.0.0.1');
`;

describeEngine('what agents find as /Agent', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST, AGENT_IMAGE });
  });

  afterAll(async () => {
    await destroyAll(app);
    await app.stop();
  });

  const started = async ({ path }: TestAgent): Promise<string> => {
    const { body } = await app.call(`${path}/actions`, {
      method: 'POST',
      body: { action: 'start' },
      headers: { prefer: 'wait=90' },
    });
    expect(body).toMatchObject({ state: 'running', error: null });
    return body.containerId as string;
  };
  const identifierOf = async ({ path }: TestAgent): Promise<string> =>
    (await app.call(`${path}/lifecycle`)).body.identifier as string;

  it.each([
    ["Muster's own image", {}],
    ['an image that knows nothing of Muster', { image: SMALL_IMAGE, command: ['sleep', 'infinity'], profile: 'dev' }],
  ])('in %s is what Muster has, and cannot be written', async (_image, manifest) => {
    const container = await started(await agentOf(app, { manifest }));
    const { said } = await runInside(container, ['cat', CLIENT]);
    expect(said).toBe((await readFile('packages/agent-server/dist/Agent/client/AgentMcpClient.mjs', 'utf8')).trim());
    for (const command of [`echo x >> ${CLIENT}`, 'echo x > /Agent/x', `rm ${CLIENT}`, 'mkdir /Agent/x']) {
      const { code, said: refused } = await runInside(container, ['sh', '-c', command]);
      expect([command, code === 0, refused]).toEqual([
        command,
        false,
        expect.stringMatching(/Read-only file system|Permission denied/),
      ]);
    }
  });

  it('in a hook is the same', async () => {
    const hooks = { install: `cp ${CLIENT} /workspace/ && ! touch /Agent/x` };
    const manifest = { image: SMALL_IMAGE, command: ['sleep', 'infinity'], hooks };
    const container = await started(await agentOf(app, { manifest }));
    expect((await runInside(container, ['cmp', '/workspace/AgentMcpClient.mjs', CLIENT])).code).toBe(0);
  });

  it('lets a program of one agent call the tools of another', async () => {
    const network = { mode: 'project', expose: [7000] };
    const command = ['/bin/sh', '-c', `node -e "$0" & ${SERVE}`, TOOLS];
    const manifest = { type: 'service', command, network, health: { kind: 'tcp', port: 7000 } };
    const [callee, caller] = (await agentsOf(app, { manifest, count: 2 })) as [TestAgent, TestAgent];
    await started(callee);
    const name = await identifierOf(callee);
    const said = await saidInside(
      await started(caller),
      `import('${CLIENT}').then(async ({ AgentMcpClient }) => {
        const client = new AgentMcpClient();
        console.log(JSON.stringify([
          client.getAgentMcpUrl('${name}'),
          (await client.listTools('${name}')).map(({ name }) => name),
          (await client.callTool('${name}', 'echo', { text: 'hello' })).result.content,
        ]));
      })`,
    );
    expect(JSON.parse(said)).toEqual([
      `http://${name}:7000/mcp`,
      ['echo'],
      [{ type: 'text', text: `${name} heard hello` }],
    ]);
  });

  it('cannot be made writable by a manifest', async () => {
    const mounts = [{ source: '/nowhere', target: '/Agent', readOnly: false }];
    const answer = await app.call('/templates', {
      method: 'POST',
      body: { name: 'over-agent', role: 'developer', manifest: { mounts } },
    });
    expect([answer.status, answer.body.errors]).toEqual([
      422,
      [{ pointer: '/manifest/mounts/0/readOnly', detail: '/Agent is always read-only' }],
    ]);
  });
});
