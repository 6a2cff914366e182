import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { access, mkdir } from 'node:fs/promises';
import { systemActor } from '../../src/domain/events/actor.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { LifecycleAction, LifecycleState } from '../../src/domain/lifecycle/lifecycle-states.js';
import { eventually } from '../support/eventually.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;

describe('the reconciler', () => {
  let world: LifecycleWorld;
  let muster: LifecycleHost;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
    muster = world.host().start();
  });

  afterEach(async () => {
    await world.end();
  });

  const act = async (path: InstancePath, action: LifecycleAction, by = muster) =>
    by.service.act(path, action, ADMIN, WAIT_MS);

  const stateOf = async (path: InstancePath): Promise<LifecycleState> => (await world.read(path)).lifecycle.state;

  const until = async (path: InstancePath, state: LifecycleState): Promise<void> =>
    eventually(async () => {
      expect(await stateOf(path)).toBe(state);
    });

  it('starts an agent: container made, recorded, started, configured, and told in events', async () => {
    const path = await world.instance();
    const { reached, instance } = await act(path, 'start');

    expect(reached).toBe(true);
    const [container] = world.engine.of(path.id);
    expect(container?.configuration).toMatchObject({ instanceId: path.id, soul: 'Ada' });
    expect(instance).toMatchObject({ status: 'idle', pid: container?.pid });
    expect(instance.lifecycle).toMatchObject({
      state: 'running',
      observedGeneration: 1,
      error: null,
      containerId: container?.id,
      replicas: [{ state: 'running', health: 'healthy', configuredRevision: 1, endpoint: 'unix' }],
    });
    expect(instance.lifecycle.containerName).toMatch(/^muster_web-app_web-app-dev-[0-9a-f]{6}_[0-9a-f]{8}$/);
    expect(instance.lifecycle.transitions.map(({ to, reason }) => `${to}: ${reason}`)).toEqual([
      'creating: requested',
      'starting: container-created',
      'running: agent-healthy',
    ]);
    expect(
      (await world.outbox(path)).map(({ type, data }) => [type, data['to'] ?? data['action'], data['generation']]),
    ).toEqual([
      ['lifecycle.requested', 'start', 1],
      ['lifecycle.transitioned', 'creating', 1],
      ['lifecycle.transitioned', 'starting', 1],
      ['lifecycle.transitioned', 'running', 1],
    ]);
  });

  it('has the container on record before it starts it', async () => {
    const path = await world.instance();
    const recorded: (string | null)[] = [];
    world.engine.beforeEffect = async (call) => {
      if (call === 'start') recorded.push((await world.read(path)).lifecycle.containerId);
    };
    await act(path, 'start');
    expect(recorded).toEqual([world.engine.of(path.id)[0]?.id]);
  });

  it('goes through stop, start, pause, resume, restart and destroy, each once', async () => {
    const path = await world.instance();
    await act(path, 'start');
    const first = world.engine.of(path.id)[0]!;

    expect((await act(path, 'stop')).instance).toMatchObject({
      pid: null,
      lifecycle: { state: 'stopped', startedAt: null },
    });
    expect(first.state).toBe('exited');
    await act(path, 'start');
    expect(world.engine.of(path.id).map(({ id }) => id)).toEqual([first.id]);
    await act(path, 'pause');
    expect([first.state, await stateOf(path)]).toEqual(['paused', 'paused']);
    await act(path, 'resume');
    expect([first.state, await stateOf(path)]).toEqual(['running', 'running']);
    const pid = first.pid;
    await act(path, 'restart');
    expect(await stateOf(path)).toBe('running');
    expect(first.pid).not.toBe(pid);
    expect(world.engine.count('create')).toBe(1);
    expect(world.engine.count('start')).toBe(3);

    const { instance } = await act(path, 'destroy');
    expect(instance.lifecycle.state).toBe('removed');
    expect(instance.removedAt).toBeInstanceOf(Date);
    expect(world.engine.of(path.id)).toEqual([]);
    await expect(act(path, 'start')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('disables an agent: its container goes, its workspace stays, and nothing starts it until it is enabled', async () => {
    const path = await world.instance();
    await act(path, 'start');
    const { workspaceFolder } = world.engine.of(path.id)[0]!.spec;
    await mkdir(workspaceFolder, { recursive: true });
    expect((await act(path, 'disable')).instance).toMatchObject({
      pid: null,
      lifecycle: { state: 'disabled', containerId: null, replicas: [], error: null },
    });
    expect(world.engine.of(path.id)).toEqual([]);
    await access(workspaceFolder);
    for (const action of ['start', 'stop', 'restart', 'pause', 'resume'] as const) {
      await expect(act(path, action)).rejects.toMatchObject({ code: 'INVALID_TRANSITION' });
    }
    expect((await act(path, 'disable')).instance.lifecycle.state).toBe('disabled');
    expect((await act(path, 'enable')).instance.lifecycle.state).toBe('enabled');
    await act(path, 'start');
    expect(await stateOf(path)).toBe('running');
    expect((await act(path, 'enable')).instance.lifecycle.state).toBe('running');
    await act(path, 'disable');
    expect((await act(path, 'destroy')).instance.lifecycle.state).toBe('removed');
  });

  it('disables what was never started, and what failed', async () => {
    const path = await world.instance();
    expect((await act(path, 'disable')).instance.lifecycle.state).toBe('disabled');
    await act(path, 'enable');
    world.engine.behaviour = 'exits';
    await expect(act(path, 'start')).rejects.toMatchObject({ code: 'CONTAINER_START_FAILED' });
    expect((await act(path, 'disable')).instance.lifecycle).toMatchObject({ state: 'disabled', error: null });
    expect(world.engine.of(path.id)).toEqual([]);
  });

  it('does nothing twice when an action is repeated', async () => {
    const path = await world.instance();
    await act(path, 'start');
    const again = await act(path, 'start');
    expect(again).toMatchObject({
      reached: true,
      instance: { lifecycle: { state: 'running', observedGeneration: 2 } },
    });
    await act(path, 'stop');
    expect((await act(path, 'stop')).instance.lifecycle.state).toBe('stopped');
    expect([world.engine.count('create'), world.engine.count('start'), world.engine.count('stop')]).toEqual([1, 1, 1]);
  });

  it.each(['pause', 'resume'] as const)('refuses to %s what does not run', async (action) => {
    const path = await world.instance();
    await expect(act(path, action)).rejects.toMatchObject({ code: 'INVALID_TRANSITION' });
    await act(path, 'start');
    await act(path, 'stop');
    await expect(act(path, action)).rejects.toMatchObject({ code: 'INVALID_TRANSITION' });
    expect(await stateOf(path)).toBe('stopped');
  });

  it('stops what was never started without making a container', async () => {
    const path = await world.instance();
    expect(await act(path, 'stop')).toMatchObject({ reached: true, instance: { lifecycle: { state: 'enabled' } } });
    expect(world.engine.calls.filter(({ call }) => call !== 'list')).toEqual([]);
  });

  it('tells who waits that a later request replaced theirs', async () => {
    const path = await world.instance();
    world.engine.behaviour = 'silent';
    const starting = act(path, 'start');
    starting.catch(() => undefined);
    await until(path, 'starting');
    const stopping = act(path, 'stop');
    await expect(starting).rejects.toMatchObject({ code: 'SUPERSEDED', details: { generation: 1, by: 2 } });
    expect(await stopping).toMatchObject({ reached: true, instance: { lifecycle: { state: 'stopped' } } });
  });

  it('serves waiters whose reconciler is another process', async () => {
    await muster.stop();
    const path = await world.instance();
    const asker = world.host();
    const worker = world.host().start();
    expect((await act(path, 'start', asker)).reached).toBe(true);
    // The waiter sees the document; the worker tells its events when it lets go of the agent.
    await eventually(async () => {
      expect(worker.events.map(({ type }) => type)).toContain('lifecycle.transitioned');
      return Promise.resolve();
    });
    expect(asker.events.map(({ type }) => type)).toEqual(['lifecycle.requested']);
  });

  it('tells a running agent its new soul without starting it anew', async () => {
    const path = await world.instance();
    await act(path, 'start');
    const container = world.engine.of(path.id)[0]!;
    const { pid } = container;
    await world.update(path, { $set: { soul: 'Grace', revision: 2 } });
    muster.reconciler.look(path.id);
    await eventually(async () => {
      expect((await world.read(path)).lifecycle.replicas[0]?.configuredRevision).toBe(2);
    });
    expect(container.configuration?.soul).toBe('Grace');
    expect(container.pid).toBe(pid);
    expect(world.engine.count('start')).toBe(1);
  });

  it('finds an edit nobody told it of', async () => {
    const path = await world.instance();
    await act(path, 'start');
    await world.update(path, { $set: { soul: 'Grace', revision: 2 } });
    await eventually(async () => {
      expect(world.engine.of(path.id)[0]?.configuration?.soul).toBe('Grace');
      return Promise.resolve();
    });
  });

  it('starts what was wanted to run from the beginning', async () => {
    const { lifecycle } = await world.read(await world.instance());
    const path = await world.instance({
      lifecycle: { ...lifecycle, desired: { ...lifecycle.desired, state: 'running', generation: 1 } },
    });
    await until(path, 'running');
  });

  it('removes the workspace and the private folder with the agent', async () => {
    const path = await world.instance();
    await act(path, 'start');
    const spec = world.engine.of(path.id)[0]!.spec;
    expect(spec.workspaceFolder).toBe(`${world.folder}/artifacts/${path.projectId}/workspaces/${path.id}`);
    const { mkdir, writeFile } = await import('node:fs/promises');
    for (const folder of [spec.workspaceFolder, spec.privateFolder]) {
      await mkdir(folder, { recursive: true });
      await writeFile(`${folder}/file`, 'x');
    }
    await act(path, 'destroy');
    for (const folder of [spec.workspaceFolder, spec.privateFolder]) {
      await expect(access(folder)).rejects.toMatchObject({ code: 'ENOENT' });
    }
  });

  it('starts eight agents at once, and each of twenty', async () => {
    // On a machine that has much else to do, none is taken for one that hangs.
    await muster.stop();
    const patient = world.host({ callTimeoutMs: 10_000, leaseMs: 30_000 }).start();
    const paths = await Promise.all(Array.from({ length: 20 }, async () => world.instance()));
    const results = await Promise.all(paths.map(async (path) => act(path, 'start', patient)));
    expect(results.every(({ reached }) => reached)).toBe(true);
    expect(world.engine.count('create')).toBe(20);
  });
});
