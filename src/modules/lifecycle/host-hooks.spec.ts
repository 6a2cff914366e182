import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Configuration } from '../../platform/config/configuration.js';
import type { HookEnd } from './hook-output.js';
import { HostHooks } from './host-hooks.js';

/** Longer than any test: what such a limit ends, it ends too late for it. */
const NEVER_MS = 600_000;

describe('a hook on the host', () => {
  let folder: string;
  let left: number[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-host-hook-'));
    left = [];
  });

  afterEach(async () => {
    for (const pid of left) process.kill(pid, 'SIGKILL');
    await rm(folder, { recursive: true });
  });

  const run = async (command: string, limitMs = NEVER_MS, signal = new AbortController().signal): Promise<HookEnd> => {
    const configuration = { hostHooks: [command] } as unknown as Configuration;
    return new HostHooks(configuration).run(command, { FOLDER: folder }, { limitMs, signal });
  };

  const pidIn = async (name: string): Promise<number> => {
    for (;;) {
      const text = await readFile(join(folder, name), 'utf8').catch(() => '');
      if (text.endsWith('\n')) return Number(text);
      await sleep(10);
    }
  };

  const untilGone = async (pid: number): Promise<void> => {
    for (;;) {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
      // One that has ended but is not reaped is gone as well.
      if (stat === null || stat.includes(') Z ')) return;
      await sleep(10);
    }
  };

  it('runs to its end, and what it wrote to both streams is told in its order', async () => {
    expect(await run('echo one; echo two >&2; echo "$FOLDER"')).toEqual({ exitCode: 0, output: `one\ntwo\n${folder}` });
  });

  it('fails with its exit code and its last words', async () => {
    expect(await run('echo oops >&2; exit 7')).toEqual({ exitCode: 7, output: 'oops' });
  });

  it('does not run when the operator did not allow it', async () => {
    const hooks = new HostHooks({ hostHooks: ['true'] } as unknown as Configuration);
    const limits = { limitMs: NEVER_MS, signal: new AbortController().signal };
    await expect(hooks.run('true ', {}, limits)).rejects.toMatchObject({ code: 'HOST_ACCESS_REFUSED' });
  });

  it('that hangs is ended with all it started', async () => {
    const ended = await run('sleep 600 & echo $! > $FOLDER/pid; echo waiting; wait', 1_000);
    expect(ended).toEqual({ exitCode: null, output: 'waiting', endedFor: 'time' });
    await untilGone(await pidIn('pid'));
  });

  it('is ended by its signal, and does not begin after it', async () => {
    const controller = new AbortController();
    const running = run('echo $$ > $FOLDER/pid; sleep 600', NEVER_MS, controller.signal);
    await pidIn('pid');
    controller.abort();
    expect(await running).toEqual({ exitCode: null, output: '', endedFor: 'time' });
    expect(await run('echo $$ > $FOLDER/second', NEVER_MS, controller.signal)).toMatchObject({ endedFor: 'time' });
    await expect(readFile(join(folder, 'second'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('that leaves a process of another session behind is over when it ends itself, and its signal harms nobody', async () => {
    const controller = new AbortController();
    const command =
      "setsid sh -c 'echo $$ > $FOLDER/pid; exec sleep 600' & until [ -s $FOLDER/pid ]; do sleep 0.01; done; echo started";
    expect(await run(command, NEVER_MS, controller.signal)).toEqual({ exitCode: 0, output: 'started' });
    const daemon = await pidIn('pid');
    left.push(daemon);
    controller.abort();
    // The group is gone: there is nobody to end, and that is no failure.
    await sleep(0);
    expect(await readFile(`/proc/${daemon}/stat`, 'utf8')).toContain('(sleep)');
  });

  it('leaves nothing of its own session behind', async () => {
    expect(await run('sleep 600 & echo $! > $FOLDER/pid; echo done')).toEqual({ exitCode: 0, output: 'done' });
    await untilGone(await pidIn('pid'));
  });

  it('that writes without an end, and without a line, is ended, and its last words are bounded', async () => {
    const ended = await run('echo $$ > $FOLDER/pid; exec tr "\\0" x < /dev/zero');
    expect(ended).toEqual({ exitCode: null, output: 'x'.repeat(2000), endedFor: 'output' });
    await untilGone(await pidIn('pid'));
  });

  it('that cannot be started says why', async () => {
    // Longer than any one argument of a program may be.
    expect(await run(`true ${'x'.repeat(200_000)}`)).toEqual({
      exitCode: null,
      output: expect.stringContaining('E2BIG'),
    });
  });
});
