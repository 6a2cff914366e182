import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { AGENT_IMAGE, describeEngine, ENGINE_HOST, SMALL_IMAGE } from '../support/engine.js';
import { eventually } from '../support/eventually.js';

const RESOURCES = { cpus: 0.5, memoryMiB: 100 };
const WAITING = ['/bin/sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'];

describeEngine('companions count for the quotas', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: ENGINE_HOST });
  });

  afterAll(async () => {
    await destroyAll(app);
    await app.stop();
  });

  const act = async (agent: TestAgent, body: object): Promise<Answer> =>
    app.call(`${agent.path}/actions`, { method: 'POST', body, headers: { prefer: 'wait=90' } });

  const limit = async ({ projectId }: TestAgent, limits: object): Promise<void> => {
    expect((await app.call(`/projects/${projectId}/quota`, { method: 'PUT', body: limits })).status).toBe(200);
  };

  const quotaOf = async ({ projectId }: TestAgent): Promise<any> =>
    (await app.call(`/projects/${projectId}/quota`)).body;

  it('of an image without agent-server: in what is used and left, and in what is refused before anything starts', async () => {
    const agent = await agentOf(app, { manifest: { image: SMALL_IMAGE, command: WAITING, resources: RESOURCES } });
    await limit(agent, { cpus: 1 });
    expect((await act(agent, { action: 'start' })).body).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      details: { quota: 'cpus', scope: 'project', asked: 1.5, used: 0 },
    });
    expect((await app.call(`${agent.path}/lifecycle`)).body).toMatchObject({ state: 'enabled', replicas: [] });
    await limit(agent, { cpus: 1.5, memoryMiB: 400 });
    expect((await act(agent, { action: 'start' })).status).toBe(200);
    expect(await quotaOf(agent)).toMatchObject({
      replicas: { used: 1 },
      cpus: { used: 1.5, left: 0 },
      memoryMiB: { used: 356, left: 44 },
    });
    expect((await act(agent, { action: 'scale', replicas: 2 })).body.code).toBe('QUOTA_EXCEEDED');
    await act(agent, { action: 'stop' });
    await eventually(async () => {
      expect(await quotaOf(agent)).toMatchObject({ cpus: { used: 0 }, memoryMiB: { used: 0 } });
    });
    // Known by now, and counted before the next start as well.
    await limit(agent, { cpus: 1 });
    expect((await act(agent, { action: 'start' })).body.code).toBe('QUOTA_EXCEEDED');
  });

  it('of an image with agent-server until its first start has shown that it needs none', async () => {
    const agent = await agentOf(app, { manifest: { image: AGENT_IMAGE, resources: RESOURCES } });
    await limit(agent, { cpus: 0.5 });
    expect((await act(agent, { action: 'start' })).body.code).toBe('QUOTA_EXCEEDED');
    await limit(agent, { cpus: 1.5 });
    expect((await act(agent, { action: 'start' })).status).toBe(200);
    expect(await quotaOf(agent)).toMatchObject({ cpus: { used: 0.5, left: 1 }, memoryMiB: { used: 100 } });
    expect((await act(agent, { action: 'scale', replicas: 3 })).status).toBe(200);
    expect(await quotaOf(agent)).toMatchObject({ cpus: { used: 1.5, left: 0 } });
    await act(agent, { action: 'stop' });
    await limit(agent, { cpus: 1.5 });
    expect((await act(agent, { action: 'start' })).status).toBe(200);
  });
});
