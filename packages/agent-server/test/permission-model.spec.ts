import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AgentProcess } from './support/agent-process.js';
import { buildConfiguration } from './support/build-configuration.js';
import { ensureBundle } from './support/bundle.js';
import { RESTRICTED } from './support/restricted.js';

describe('under Node’s permission model', () => {
  let agent: AgentProcess;
  beforeAll(async () => {
    await ensureBundle();
    agent = await AgentProcess.start({ nodeFlags: RESTRICTED });
  });
  afterAll(() => agent.end());

  async function failureOf(systemPrompt: string): Promise<string> {
    await agent.call('PUT', '/v1/configuration', buildConfiguration({ systemPrompt }));
    const { body } = await agent.call('POST', '/v1/runs', { runId: 'r', type: 'prompt', input: 'hello' });
    return body.message ?? body.output;
  }

  it('renders and answers', async () => {
    expect(await failureOf('On <%= os.release() %> in <%= process.cwd() %>: <%- await readStdin() %>')).toBe(
      'echo: hello',
    );
  });

  it.each([
    ['read a file', 'process.getBuiltinModule("fs").readFileSync("/etc/hostname")'],
    ['start a child', 'process.getBuiltinModule("child_process").execSync("id")'],
  ])('does not let a template %s', async (_what, code) => {
    expect(await failureOf(`<% ${code} %>`)).toContain('Access to this API has been restricted');
  });

  it('takes over a stale socket and ends on SIGTERM', async () => {
    const killed = await AgentProcess.start({ nodeFlags: RESTRICTED });
    killed.process.kill('SIGKILL');
    await killed.exited();
    const next = AgentProcess.launchIn(killed.folder, { nodeFlags: RESTRICTED });
    try {
      await next.answering();
      next.process.kill('SIGTERM');
      expect(await next.exited()).toEqual({ code: 0, signal: null });
    } finally {
      await next.end();
    }
  });
});
