import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { agentOf, type TestAgent } from '../support/agent-team.js';
import { TestApp, type Answer } from '../support/app.js';
import { destroyAll } from '../support/destroy-all.js';
import { AGENT_IMAGE, describeEngine, engine } from '../support/engine.js';
import { EngineWithoutGvisor } from '../support/engine-without-gvisor.js';
import { describeOn, engineAt, OTHER_ENGINES } from '../support/engines.js';
import { temporaryFolder } from '../support/temporary-folder.js';

describeEngine('an OCI runtime that the engine does not have', () => {
  it('is an error, and never another one', async () => {
    const folder = await temporaryFolder();
    const without = await EngineWithoutGvisor.start(join(folder.path, 'engine.sock'));
    const app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: without.host });
    try {
      const agent = await agentOf(app, { manifest: { isolation: 'gvisor' } });
      const answer = await app.call(`${agent.path}/actions`, { method: 'POST', body: { action: 'start' } });
      expect(answer).toMatchObject({ status: 501, body: { code: 'RUNTIME_UNSUPPORTED' } });
      expect((await app.call(`${agent.path}/lifecycle`)).body).toMatchObject({
        state: 'failed',
        containerId: null,
        error: { code: 'RUNTIME_UNSUPPORTED', message: expect.stringContaining('runsc') },
      });
      const filters = { label: [`io.muster.instance=${agent.id}`] };
      expect(await engine.listContainers({ all: true, filters })).toEqual([]);
      await destroyAll(app);
    } finally {
      await app.stop();
      await without.stop();
      await folder.remove();
    }
  });
});

/** What a manifest asks for is what the agent gets, as seen from inside. */
for (const gvisor of OTHER_ENGINES.filter(({ isolation }) => isolation === 'gvisor')) {
  describeOn(gvisor, () => {
    let app: TestApp;
    let [enclosed, usual]: TestAgent[] = [];

    beforeAll(async () => {
      app = await TestApp.start({ RUNTIME: 'docker', DOCKER_HOST: gvisor.host, AGENT_IMAGE });
      enclosed = await agentOf(app, { manifest: { isolation: 'gvisor' } });
      usual = await agentOf(app);
      for (const agent of [enclosed, usual]) {
        expect(await act(agent, 'start')).toMatchObject({ status: 200, body: { state: 'running', error: null } });
      }
    });

    afterAll(async () => {
      await destroyAll(app);
      await app.stop();
    });

    const act = (agent: TestAgent, action: string): Promise<Answer> =>
      app.call(`${agent.path}/actions`, { method: 'POST', body: { action }, headers: { prefer: 'wait=90' } });
    const exec = async (agent: TestAgent, command: string[]): Promise<any> =>
      (await app.call(`${agent.path}/runs`, { method: 'POST', body: { type: 'exec', command } })).body;
    const runtimeOf = async (agent: TestAgent): Promise<string | undefined> => {
      const { containerId } = (await app.call(`${agent.path}/lifecycle`)).body;
      return (
        await engineAt(gvisor)
          .getContainer(containerId as string)
          .inspect()
      ).HostConfig.Runtime;
    };

    it('is what runs an agent whose manifest asks for it, and no other', async () => {
      expect((await exec(enclosed!, ['dmesg'])).stdout).toContain('Starting gVisor');
      expect(await runtimeOf(enclosed!)).toBe('runsc');
      expect((await exec(usual!, ['dmesg'])).stdout).not.toContain('gVisor');
      expect(await runtimeOf(usual!)).not.toBe('runsc');
    });

    it('lets an agent be prompted, stopped and started again, and it is the same one', async () => {
      const run = await app.call(`${enclosed!.path}/runs`, { method: 'POST', body: { type: 'prompt', input: 'Hi' } });
      expect(run.body).toMatchObject({ status: 'passed', output: 'echo: Hi' });
      expect((await exec(enclosed!, ['sh', '-c', 'echo kept > /workspace/kept'])).status).toBe('passed');
      for (const [action, state] of [
        ['stop', 'stopped'],
        ['start', 'running'],
      ] as const) {
        expect((await act(enclosed!, action)).body).toMatchObject({ state, error: null });
      }
      expect((await exec(enclosed!, ['sh', '-c', 'cat /workspace/kept; dmesg'])).stdout).toMatch(/^kept\n.*gVisor/s);
    });
  });
}
