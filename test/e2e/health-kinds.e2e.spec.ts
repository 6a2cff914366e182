import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { describeEngine, ENGINE_HOST } from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { Before } from '../support/nothing-left.js';

/** A program beside agent-server, which listens a moment later than that. */
const beside = (script: string): string[] => [
  '/bin/sh',
  '-c',
  `node -e "${script}" & exec node /opt/muster/agent-server.mjs`,
];
/** Answers with 200 while there is no file /workspace/ill, then with 503. */
const SERVICE = `
  const ill = () => require('fs').existsSync('/workspace/ill');
  setTimeout(() => require('http').createServer((q, s) => s.writeHead(ill() ? 503 : 200).end()).listen(8080, '127.0.0.1'), 300)`;
const OFTEN = { intervalSeconds: 1, timeoutSeconds: 2, retries: 2 };

describeEngine('what is checked of an agent is what its manifest says', () => {
  let app: TestApp;
  let before: Before;

  beforeAll(async () => {
    before = await Before.on();
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST });
  });

  afterAll(async () => {
    await destroyAll(app);
    await before.expectNothingLeft(app);
    await app.stop();
  });

  const act = async (agent: TestAgent, action: string): Promise<Answer> =>
    app.call(`${agent.path}/actions`, { method: 'POST', body: { action }, headers: { prefer: 'wait=60' } });
  const lifecycleOf = async (agent: TestAgent): Promise<any> => (await app.call(`${agent.path}/lifecycle`)).body;
  const reasonsOf = ({ transitions }: any): string[] =>
    (transitions as { reason: string }[]).map(({ reason }) => reason);
  const exec = async (agent: TestAgent, script: string): Promise<any> => {
    const body = { type: 'exec', command: ['sh', '-c', script] };
    return (await app.call(`${agent.path}/runs`, { method: 'POST', body })).body;
  };

  it.each([
    ['http', { kind: 'http', port: 8080, path: '/ready' }, "the answer's status is 503"],
    ['command', { kind: 'command', command: ['test', '!', '-e', '/workspace/ill'] }, 'it ended with exit code 1'],
  ])('by %s: at its start, and as long as it runs', async (_kind, health, fault) => {
    const agent = await agentOf(app, { manifest: { command: beside(SERVICE), health: { ...health, ...OFTEN } } });
    const started = await act(agent, 'start');
    expect([started.status, started.body.error]).toEqual([200, null]);
    await exec(agent, 'touch ill');
    await eventually(async () => {
      const { replicas, healthCheck } = await lifecycleOf(agent);
      expect([replicas[0].health, healthCheck.detail]).toEqual(['unhealthy', fault]);
    });
    await eventually(async () => {
      expect(reasonsOf(await lifecycleOf(agent))).toContain('HEALTH_CHECK_FAILED');
    }, 30_000);
    await act(agent, 'stop');
  });

  it('by a connection', async () => {
    const manifest = { command: beside(SERVICE), health: { kind: 'tcp', port: 8080 } };
    expect((await act(await agentOf(app, { manifest }), 'start')).status).toBe(200);
  });

  it.each([
    ['nothing listens', { kind: 'tcp', port: 9 }, 'nothing listens on port 9'],
    ['the program says no', { kind: 'command', command: ['sh', '-c', 'exit 3'] }, 'it ended with exit code 3'],
    ['the program hangs', { kind: 'command', command: ['sleep', '600'] }, 'it did not end within 1 s'],
    ['there is no such program', { kind: 'command', command: ['/no/such'] }, 'it ended with exit code 127'],
  ])('not started where %s: what was seen is told', async (_what, health, fault) => {
    const manifest = { health: { ...health, timeoutSeconds: 1 }, startTimeoutSeconds: 4 };
    const agent = await agentOf(app, { manifest });
    const answer = await act(agent, 'start');
    expect([answer.status, answer.body.code]).toEqual([504, 'HEALTH_CHECK_TIMEOUT']);
    expect(answer.body.detail).toContain(fault);
    expect((await act(agent, 'stop')).body.state).toBe('stopped');
  });

  it('one that ends while it is waited for is told to have ended', async () => {
    const command = ['/bin/sh', '-c', 'node /opt/muster/agent-server.mjs & sleep 1; exit 4'];
    const agent = await agentOf(app, { manifest: { command, health: { kind: 'tcp', port: 9 } } });
    expect(await act(agent, 'start')).toMatchObject({ body: { code: 'CONTAINER_START_FAILED' } });
    await act(agent, 'stop');
  });
});
