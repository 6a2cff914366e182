import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemActor } from '../../src/domain/events/actor.js';
import type { LifecycleAction } from '../../src/domain/lifecycle/lifecycle-states.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;

describe("an agent's hooks on the host", () => {
  let world: LifecycleWorld;
  let muster: LifecycleHost;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
    muster = world.host({ policy: { baseMs: 600_000, longestMs: 600_000, limit: 5, stableMs: 60_000 } }).start();
  });

  afterEach(async () => {
    await world.end();
  });

  const act = async (path: InstancePath, action: LifecycleAction) => muster.service.act(path, action, ADMIN, WAIT_MS);

  const allowed = (command: string): string => {
    muster.hostHooks.push(command);
    return command;
  };

  const wrote = async (): Promise<string> => readFile(join(world.folder, 'wrote'), 'utf8');

  it.each(['hosthook_aftercreation', 'hosthook_postinstall'] as const)('%s runs before it starts', async (hook) => {
    const command = allowed(`echo "$MUSTER_AGENT_ID in $MUSTER_CONTAINER_NAME" > ${world.folder}/wrote`);
    const path = await world.instance({ manifest: { hooks: { [hook]: command } } });
    const began: string[] = [];
    world.engine.beforeEffect = async (call) => {
      if (call === 'start') began.push(await wrote());
    };
    const { instance } = await act(path, 'start');
    expect(instance.lifecycle.state).toBe('running');
    expect(began).toEqual([`${path.id} in ${instance.lifecycle.containerName!}\n`]);
  });

  it.each([
    ['fails', 'echo oops >&2; exit 7', 'ended with exit code 7. Its last output: oops'],
    ['hangs', 'echo waiting; sleep 600', 'did not end within 1 s and was ended. Its last output: waiting'],
    [
      'is flooded by its output',
      'tr "\\0" x < /dev/zero',
      `wrote without an end and was ended. Its last output: ${'x'.repeat(2000)}`,
    ],
  ])('that %s: it is failed, why is told, and its container is gone', async (_how, script, words) => {
    const command = allowed(script);
    const manifest = { hooks: { hosthook_postinstall: command, timeoutSeconds: script.includes('zero') ? 60 : 1 } };
    const path = await world.instance({ manifest });
    const message = `The hook hosthook_postinstall ${words}`;
    await expect(act(path, 'start')).rejects.toMatchObject({
      code: 'DEPENDENCY_INSTALL_FAILED',
      message: expect.stringContaining(message),
    });
    const { status, lifecycle } = await world.read(path);
    expect([status, lifecycle.state, lifecycle.failures]).toEqual(['error', 'failed', 1]);
    expect(lifecycle.error).toMatchObject({ code: 'DEPENDENCY_INSTALL_FAILED', message });
    expect(lifecycle.transitions.at(-1)).toMatchObject({
      from: 'starting',
      to: 'failed',
      reason: 'DEPENDENCY_INSTALL_FAILED',
    });
    expect(world.engine.of(path.id)).toEqual([]);
    expect((await act(path, 'destroy')).instance.lifecycle.state).toBe('removed');
  });

  it('do not keep it from starting, nor from being destroyed, by what they leave in the background', async () => {
    const command = allowed(`setsid sleep 600 & echo $! > ${world.folder}/wrote`);
    const path = await world.instance({ manifest: { hooks: { hosthook_aftercreation: command } } });
    try {
      expect((await act(path, 'start')).instance.lifecycle.state).toBe('running');
      expect((await act(path, 'destroy')).instance.lifecycle.state).toBe('removed');
    } finally {
      process.kill(Number(await wrote()), 'SIGKILL');
    }
  });

  it('end when it is to be destroyed', async () => {
    const command = allowed(`echo begun > ${world.folder}/wrote; sleep 600`);
    const path = await world.instance({ manifest: { hooks: { hosthook_aftercreation: command } } });
    const starting = act(path, 'start').catch((error: unknown) => error);
    while ((await wrote().catch(() => '')) !== 'begun\n') await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await act(path, 'destroy')).instance.lifecycle).toMatchObject({ state: 'removed', failures: 0 });
    expect(await starting).toMatchObject({ code: 'SUPERSEDED' });
  });
});
