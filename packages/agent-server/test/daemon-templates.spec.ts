import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { AgentProcess } from './support/agent-process.js';
import { buildConfiguration } from './support/build-configuration.js';
import { ensureBundle } from './support/bundle.js';

const FOLDER = join(import.meta.dirname, 'fixtures/daemon-v1');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
const INPUT = '1. fix the door\n2. paint it, blue';

/** Put behind a template: carries out what was rendered so far, as a hash that fits into an error message. */
const HASH_OF_OUTPUT =
  '<% throw new Error(process.getBuiltinModule("crypto").createHash("sha256").update(__output).digest("hex")) %>';

function promptOf(file: string): string {
  const template = parse(readFileSync(join(FOLDER, file), 'utf8')) as { spec?: { system_prompt?: string } };
  return template.spec?.system_prompt ?? '';
}

describe('real templates of the daemon family', () => {
  let agent: AgentProcess;
  beforeAll(async () => {
    await ensureBundle();
    agent = await AgentProcess.start({ environment: { SHELL: '/bin/zsh' } });
  });
  afterAll(() => agent.end());

  async function run(systemPrompt: string): Promise<{ status: number; body: any }> {
    await agent.call('PUT', '/v1/configuration', buildConfiguration({ systemPrompt }));
    return agent.call('POST', '/v1/runs', { runId: 'r', type: 'prompt', input: INPUT });
  }

  /** What a reader of the file expects, tag by tag. */
  function rendered(systemPrompt: string): string {
    return systemPrompt.replace(/<%=([^]*?)%>/g, (_tag, code: string) => {
      if (code.includes('process.platform ===') && !code.includes('SHELL')) return 'Linux';
      if (code.includes('os.release()')) return os.release();
      if (code.includes('process.env.SHELL')) return '/bin/zsh';
      if (code.includes('process.cwd()')) return agent.folder;
      if (code.includes('readStdin()')) return INPUT;
      if (code.includes('new Date()')) {
        return new Date().toLocaleDateString('en-US', { year: 'numeric', month: 'long', day: 'numeric' });
      }
      return `unexpected: ${code}`;
    });
  }

  it('are there', () => {
    expect(FILES).toHaveLength(6);
  });

  it.each(FILES)('%s is rendered to what it says', async (file) => {
    const { body } = await run(promptOf(file) + HASH_OF_OUTPUT);
    const expected = createHash('sha256')
      .update(rendered(promptOf(file)))
      .digest('hex');
    expect(body.message).toContain(`could not be rendered: ${expected}`);
  });

  it.each(FILES)('%s answers a run', async (file) => {
    const { status, body } = await run(promptOf(file));
    expect(status).toBe(200);
    expect(body.output).toBe(`echo: ${INPUT}`);
  });
});
