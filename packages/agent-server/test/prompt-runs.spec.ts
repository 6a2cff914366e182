import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AgentProcess } from './support/agent-process.js';
import { buildConfiguration } from './support/build-configuration.js';
import { ensureBundle } from './support/bundle.js';
import { callAgent, type AgentAnswer } from './support/call-agent.js';

const LIMIT = { MUSTER_RENDER_TIMEOUT_MS: '1500' };

let agent: AgentProcess;

async function run(systemPrompt: string, input = 'hello'): Promise<AgentAnswer> {
  await agent.call('PUT', '/v1/configuration', buildConfiguration({ systemPrompt }));
  return agent.call('POST', '/v1/runs', { runId: 'r', type: 'prompt', input });
}

/** What a template saw: it throws it, and the failure carries it out. */
async function seenBy(expression: string, input?: string): Promise<string> {
  const { body } = await run(`<% throw new Error('[' + (${expression}) + ']') %>`, input);
  return /\[(.*)\]/.exec(body.message as string)?.[1] ?? `nothing: ${JSON.stringify(body)}`;
}

beforeAll(async () => {
  await ensureBundle();
  agent = await AgentProcess.start({ environment: { ...LIMIT, MUSTER_SECRET: 's', SHELL: '/bin/zsh' } });
});
afterAll(() => agent.end());

describe('a prompt run', () => {
  it('is answered by the echo provider, the same every time', async () => {
    const first = await run('You are <%= "helpful" %>.');
    expect(first.status).toBe(200);
    expect(first.body).toEqual({ output: 'echo: hello', usage: { inputTokens: 4 + 2, outputTokens: 3 } });
    expect((await run('You are <%= "helpful" %>.')).text).toBe(first.text);
  });

  it('sends soul and identity along with the rendered prompt', async () => {
    const configuration = buildConfiguration({ systemPrompt: 'Hi.', soul: 'Calm.', aieos_identity: { a: 1 } });
    await agent.call('PUT', '/v1/configuration', configuration);
    const { body } = await agent.call('POST', '/v1/runs', { runId: 'r', type: 'prompt', input: '' });
    const system = 'Hi.\n\n<soul>\nCalm.\n</soul>\n\n<aieos_identity>\n{\n  "a": 1\n}\n</aieos_identity>';
    expect(body.usage.inputTokens).toBe(Math.ceil(system.length / 4));
  });

  it('takes an input with everything in it', async () => {
    const input = '<%= 1 %> & "quotes" \u0000 \u2028 日本 🦉';
    expect((await run('<%- await readStdin() %>', input)).body.output).toBe(`echo: ${input}`);
  });

  it('does not know other providers, and says which it knows', async () => {
    const config = { ...buildConfiguration().config, provider: 'copilot' };
    await agent.call('PUT', '/v1/configuration', buildConfiguration({ config }));
    const { status, body } = await agent.call('POST', '/v1/runs', { runId: 'r', type: 'prompt', input: '' });
    expect(status).toBe(422);
    expect(body).toEqual({ code: 'PROVIDER_UNKNOWN', message: expect.stringMatching(/"copilot".*It knows: echo\./) });
  });

  it('refuses an answer that would be larger than a body may be', async () => {
    const { status, body } = await run('', '\u0001'.repeat(1_398_094));
    expect([status, body.code]).toEqual([413, 'BODY_TOO_LARGE']);
  });
});

describe('what a template is given', () => {
  it('is process, os, Date and readStdin', async () => {
    expect(await seenBy('await readStdin()', 'the input')).toBe('the input');
    expect(await seenBy('process.platform + os.platform()')).toBe(process.platform.repeat(2));
    expect(await seenBy('new Date().getFullYear() > 2000')).toBe('true');
    expect(await seenBy('process.cwd()')).toBe(agent.folder);
  });

  it('is the environment without what is Muster’s', async () => {
    expect(await seenBy('process.env.SHELL')).toBe('/bin/zsh');
    expect(await seenBy('Object.keys(process.env).filter((name) => name.startsWith("MUSTER")).length')).toBe('0');
  });

  it('is new each time: nothing stays behind', async () => {
    await run('<% globalThis.left = 1; process.env.LEFT = "1"; Array.prototype.left = 1 %>');
    expect(await seenBy('[typeof left, process.env.LEFT, [].left].join()')).toBe('undefined,,');
  });
});

describe('a template that misbehaves', () => {
  it.each([
    ['loops', '<% for (;;); %>'],
    ['loops asynchronously', '<% for (;;) await null; %>'],
    ['waits too long', '<% await new Promise((resolve) => setTimeout(resolve, 600000)) %>'],
    ['is stuck in a regular expression', '<%= /^(a+)+$/.test("a".repeat(50) + "b") %>'],
  ])('%s: the time limit ends it', async (_what, template) => {
    const { status, body } = await run(template);
    expect(status).toBe(504);
    expect(body).toEqual({ code: 'PROMPT_RENDER_TIMEOUT', message: expect.stringContaining('1500 ms') });
  });

  it.each([
    ['throws', 'one\ntwo\n<% throw new RangeError("boom\\nmore") %>', 'boom (line 3 of the system prompt).'],
    ['throws no Error', '<% throw null %>', 'it threw null, not an Error.'],
    ['has a wrong name in it', '<%= nobody.home %>', 'nobody is not defined (line 1 of the system prompt).'],
    ['cannot be compiled', '<% if ( %>', 'Unexpected token'],
    ['is not closed', 'x <% foo', 'Could not find matching close tag'],
    ['returns', '<% return 5 %>', 'a return statement took the place of its text.'],
    ['recurses for ever', '<% (function again() { again() })() %>', 'Maximum call stack size exceeded'],
    ['calls process.exit', '<% process.exit(3) %>', 'it called process.exit(3).'],
    ['calls process.exit later', '<% await null; process.exit() %>', 'it called process.exit(0).'],
    ['loops while it exits', '<% process.on("exit", () => { for (;;); }); process.exit() %>', 'process.exit(0).'],
    ['ends its thread', '<% process.reallyExit(0) %>', 'it ended without a result'],
    ['waits for nothing', '<% await new Promise(() => {}) %>', 'it ended without a result'],
    [
      'throws beside itself',
      '<% setTimeout(() => { throw null }); await new Promise((r) => setTimeout(r, 9e3)) %>',
      'null',
    ],
    ['includes a file', '<%- include("/etc/hostname") %>', 'include("/etc/hostname") is not available'],
    ['kills the process', '<% process.kill(process.pid, "SIGKILL") %>', 'process.kill() is not available'],
    ['aborts the process', '<% process.abort() %>', 'process.abort() is not supported in workers'],
    ['changes the folder', '<% process.chdir("/") %>', 'process.chdir() is not supported in workers'],
    ['writes too much', '<%- "x".repeat(5e6) %>', 'larger than 4194304 bytes'],
    ['writes too much in two-byte letters', '<%- "é".repeat(3e6) %>', 'larger than 4194304 bytes'],
    ['writes half a gigabyte', '<%- "x".repeat(5e8) %>', 'larger than 4194304 bytes'],
    [
      'forges its report',
      '<% process.getBuiltinModule("worker_threads").parentPort.postMessage(null) %>',
      'it sent something that is no report.',
    ],
  ])('%s: the run fails and says why', async (_what, template, why) => {
    const { status, body } = await run(template);
    expect(status).toBe(422);
    expect(body.code).toBe('PROMPT_RENDER_FAILED');
    expect(body.message).toContain(`The system prompt could not be rendered: `);
    expect(body.message).toContain(why);
    expect(body.message.length).toBeLessThan(500);
  });

  it.each([
    ['on the heap', '<% const all = []; for (;;) all.push({ more: new Array(1000).fill(1) }) %>'],
    ['in large arrays', '<% const all = []; for (;;) all.push(new Array(1e7).fill(1.5)) %>'],
    ['in buffers', '<% const all = []; for (;;) all.push(new Uint8Array(1e7).fill(7)) %>'],
  ])('takes all memory %s: only the render ends', async (_what, template) => {
    const { body } = await run(template);
    // On a slow machine the time limit may be there first.
    expect(body.code).toMatch(/^PROMPT_RENDER_(FAILED|TIMEOUT)$/);
  });

  it('leaves things running: they end with the render', async () => {
    const template = '<% setInterval(() => {}, 1); Promise.reject(new Error("left")) %>ok';
    expect((await run(template)).status).toBe(200);
  });

  it('never ended the agent', async () => {
    expect(agent.process.exitCode).toBeNull();
    expect((await run('fine')).status).toBe(200);
    expect(agent.stderr).toBe('');
  });
});

describe('several runs', () => {
  it('are all answered, more than render at once', async () => {
    await agent.call('PUT', '/v1/configuration', buildConfiguration({ systemPrompt: '<%= os.hostname() %>' }));
    const inputs = Array.from({ length: 10 }, (_, n) => `number ${n}`);
    const answers = await Promise.all(
      inputs.map((input) => agent.call('POST', '/v1/runs', { runId: input, type: 'prompt', input })),
    );
    expect(answers.map(({ body }) => body.output)).toEqual(inputs.map((input) => `echo: ${input}`));
  });
});

describe('closing the connection', () => {
  it('cancels the run, rendering or waiting for its turn', async () => {
    const patient = await AgentProcess.start({ environment: { MUSTER_RENDER_TIMEOUT_MS: '600000' } });
    try {
      const systemPrompt = '<% await new Promise((resolve) => setTimeout(resolve, 600000)) %>';
      await patient.call('PUT', '/v1/configuration', buildConfiguration({ systemPrompt }));
      const ends: (() => void)[] = [];
      const runs = [1, 2, 3, 4, 5].map((n) =>
        callAgent(patient.socket, 'POST', '/v1/runs', { runId: `r${n}`, type: 'prompt', input: '' }, (sent) =>
          ends.push(() => sent.destroy()),
        ),
      );
      const outcomes = Promise.allSettled(runs);
      for (const n of [1, 2, 3, 4, 5]) await patient.logged(new RegExp(`run r${n} started`));
      ends.forEach((end) => {
        end();
      });
      for (const n of [1, 2, 3, 4, 5]) await patient.logged(new RegExp(`run r${n} cancelled`));
      expect((await outcomes).map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
      await patient.call('PUT', '/v1/configuration', buildConfiguration());
      const after = await patient.call('POST', '/v1/runs', { runId: 'r6', type: 'prompt', input: 'free' });
      expect(after.body.output).toBe('echo: free');
    } finally {
      await patient.end();
    }
  });
});
