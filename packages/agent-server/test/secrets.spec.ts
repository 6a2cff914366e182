import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentProcess } from './support/agent-process.js';

/** On every Linux a folder in memory. */
const MEMORY = '/dev/shm';

describe('secrets', () => {
  let agent: AgentProcess;
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(MEMORY, 'muster-secrets-'));
    agent = await AgentProcess.start({ environment: { MUSTER_SECRETS: folder } });
  });

  afterEach(async () => {
    await agent.end();
    await rm(folder, { recursive: true, force: true });
  });

  const give = async (secrets: Record<string, string>) =>
    agent.call('PUT', '/v1/secrets', {
      secrets: Object.entries(secrets).map(([name, value]) => ({ name, value: Buffer.from(value).toString('base64') })),
    });

  it('are files for its own user alone, in place of those before, byte for byte', async () => {
    expect((await give({ TOKEN: 'one\n', EMPTY: '', OLD: 'x' })).status).toBe(204);
    expect((await give({ TOKEN: '\u0000 two', EMPTY: '' })).status).toBe(204);
    expect((await readdir(folder)).sort()).toEqual(['EMPTY', 'TOKEN']);
    expect(await readFile(join(folder, 'TOKEN'), 'utf8')).toBe('\u0000 two');
    expect((await stat(join(folder, 'TOKEN'))).mode & 0o777).toBe(0o400);
    expect((await give({})).status).toBe(204);
    expect(await readdir(folder)).toEqual([]);
  });

  it('are not written through what a program has put at their place', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'muster-outside-'));
    await writeFile(join(outside, 'file'), 'as it was');
    await symlink(join(outside, 'file'), join(folder, 'LINK'));
    await mkdir(join(folder, 'FOLDER', 'deeper'), { recursive: true });
    expect((await give({ LINK: 'a', FOLDER: 'b' })).status).toBe(204);
    expect(await readFile(join(outside, 'file'), 'utf8')).toBe('as it was');
    expect([await readFile(join(folder, 'LINK'), 'utf8'), await readFile(join(folder, 'FOLDER'), 'utf8')]).toEqual([
      'a',
      'b',
    ]);
    await rm(outside, { recursive: true });
  });

  it.each([
    ['a path', { name: '../x', value: '' }],
    ['no base64', { name: 'A', value: 'SECRET!' }],
    ['no text', { name: 'A', value: ['SECRET'] }],
    ['something more', { name: 'A', value: '', more: 'SECRET' }],
  ])('are refused with %s, in words that hold none of it', async (_what, secret) => {
    const answer = await agent.call('PUT', '/v1/secrets', { secrets: [secret] });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('VALIDATION_FAILED');
    expect(answer.text).not.toContain('SECRET');
    expect(await readdir(folder)).toEqual([]);
  });

  it.each(['/proc/self/task', '/nowhere'])('are written nowhere but in memory: not to %s', async (place) => {
    const other = await AgentProcess.start({ environment: { MUSTER_SECRETS: place } });
    try {
      const answer = await other.call('PUT', '/v1/secrets', { secrets: [{ name: 'A', value: 'QQ==' }] });
      expect([answer.status, answer.body.code]).toEqual([501, 'UNSUPPORTED']);
    } finally {
      await other.end();
    }
  });

  it('are in no line of the log', async () => {
    await give({ TOKEN: 'SECRET-VALUE' });
    await agent.end();
    expect(agent.stdout).toContain('given 1 secrets');
    expect(agent.stdout + agent.stderr).not.toContain('SECRET-VALUE');
  });
});
