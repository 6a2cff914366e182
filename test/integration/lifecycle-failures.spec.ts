import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemActor } from '../../src/domain/events/actor.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { LifecycleAction, LifecycleState } from '../../src/domain/lifecycle/lifecycle-states.js';
import { eventually } from '../support/eventually.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;

describe('the reconciler, when things go wrong', () => {
  let world: LifecycleWorld;
  let muster: LifecycleHost;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
    muster = world.host().start();
  });

  afterEach(async () => {
    await world.end();
  });

  const act = async (path: InstancePath, action: LifecycleAction) => muster.service.act(path, action, ADMIN, WAIT_MS);

  /** What fails is not tried again within the test: an attempt takes the error away, and makes a container, while it lasts. */
  const retryLater = async (): Promise<void> => {
    await muster.stop();
    muster = world.host({ policy: { baseMs: 600_000, longestMs: 600_000, limit: 5, stableMs: 60_000 } }).start();
  };

  const until = async (path: InstancePath, state: LifecycleState): Promise<void> =>
    eventually(async () => {
      expect((await world.read(path)).lifecycle.state).toBe(state);
    });

  it('makes a container anew when the one of its name is outdated', async () => {
    const path = await world.instance();
    const spec = await muster.planner.plan(await world.read(path));
    const old = world.engine.put({ ...spec, specDigest: 'of another spec' }, 'running');
    await act(path, 'start');
    expect(world.engine.containers.has(old)).toBe(false);
    expect(world.engine.of(path.id)).toHaveLength(1);
  });

  it("does not touch somebody else's container of the same name, and says so", async () => {
    const path = await world.instance();
    const spec = await muster.planner.plan(await world.read(path));
    const theirs = world.engine.put(
      { ...spec, owner: { ...spec.owner, installation: 'f'.repeat(24) as typeof spec.owner.installation } },
      'running',
    );
    await expect(act(path, 'start')).rejects.toMatchObject({ code: 'CONTAINER_NAME_CONFLICT' });
    expect(world.engine.get(theirs).state).toBe('running');
    expect(await world.read(path)).toMatchObject({
      status: 'error',
      lifecycle: { state: 'failed', retryAt: null, error: { recovery: expect.stringContaining('Remove or rename') } },
    });
    world.engine.containers.delete(theirs);
    expect((await act(path, 'start')).reached).toBe(true);
  });

  it('restarts an agent that ended by itself, without a limit on good days', async () => {
    const path = await world.instance();
    await act(path, 'start');
    const { id, pid } = world.engine.of(path.id)[0]!;
    world.engine.exit(id, 1);
    await eventually(async () => {
      const { pid: now, status } = await world.read(path);
      expect(now).not.toBe(pid);
      expect([now === null, status]).toEqual([false, 'idle']);
    });
    expect(world.engine.of(path.id)).toHaveLength(1);
    const { transitions } = (await world.read(path)).lifecycle;
    expect(transitions.slice(-3).map(({ to, reason }) => `${to}: ${reason}`)).toEqual([
      'failed: CONTAINER_EXITED',
      'starting: container-reused',
      'running: agent-healthy',
    ]);
  });

  it('gives up after five failures in a row, and starts again when asked', async () => {
    const path = await world.instance();
    world.engine.behaviour = 'exits';
    await expect(act(path, 'start')).rejects.toMatchObject({ code: 'CONTAINER_START_FAILED' });
    await eventually(async () => {
      expect((await world.read(path)).lifecycle).toMatchObject({ state: 'failed', failures: 5, retryAt: null });
    });
    const { error } = (await world.read(path)).lifecycle;
    expect(error?.message).toMatch(/exit code 3.*failure 5 in a row; Muster has stopped trying/);
    expect(error?.recovery).toMatch(/logs/);
    const starts = world.engine.count('start');
    expect(starts).toBe(5);
    world.engine.behaviour = 'healthy';
    expect(await act(path, 'start')).toMatchObject({
      reached: true,
      instance: { status: 'idle', lifecycle: { error: null, failures: 0 } },
    });
  });

  it('stops and destroys what failed', async () => {
    const path = await world.instance();
    world.engine.behaviour = 'exits';
    await act(path, 'start').catch(() => undefined);
    expect(await act(path, 'stop')).toMatchObject({
      instance: { status: 'idle', lifecycle: { state: 'stopped', error: null } },
    });
    await act(path, 'start').catch(() => undefined);
    expect(await act(path, 'destroy')).toMatchObject({ instance: { lifecycle: { state: 'removed' } } });
  });

  it('says when the agent does not become healthy, and leaves nothing running', async () => {
    await retryLater();
    const path = await world.instance({ manifest: { startTimeoutSeconds: 1 } });
    world.engine.behaviour = 'silent';
    await expect(act(path, 'start')).rejects.toMatchObject({
      code: 'HEALTH_CHECK_TIMEOUT',
      message: expect.stringContaining('within 1 s'),
    });
    expect(world.engine.count('stop')).toBe(1);
    expect(world.engine.of(path.id).map(({ state }) => state)).toEqual(['exited']);
    await act(path, 'stop');
    expect(world.engine.of(path.id).map(({ state }) => state)).toEqual(['exited']);
    expect(world.engine.count('create')).toBe(1);
  });

  it('says when the image is missing, and leaves nothing half-made', async () => {
    await retryLater();
    const path = await world.instance();
    world.engine.failNext('resolveImage', 'before', 'image-missing');
    await expect(act(path, 'start')).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    expect(await world.read(path)).toMatchObject({
      status: 'error',
      lifecycle: { state: 'failed', failures: 1, error: { recovery: expect.stringContaining('Build or pull') } },
    });
    expect([world.engine.containers.size, world.engine.count('create')]).toEqual([0, 0]);
    expect((await act(path, 'start')).instance.lifecycle).toMatchObject({ state: 'running', error: null });
  });

  it('starts by itself once the image is there', async () => {
    const path = await world.instance();
    world.engine.failNext('resolveImage', 'before', 'image-missing');
    await expect(act(path, 'start')).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    await until(path, 'running');
  });

  it('tries again for longer than five times what the host lacks, and starts once it is there', async () => {
    const path = await world.instance();
    world.engine.failNext('create', 'before', 'engine-full', 7);
    await expect(act(path, 'start')).rejects.toMatchObject({ code: 'ENGINE_DISK_FULL' });
    await until(path, 'running');
    const { transitions, error } = (await world.read(path)).lifecycle;
    expect(transitions.filter(({ reason }) => reason === 'ENGINE_DISK_FULL')).toHaveLength(7);
    expect([error, world.engine.of(path.id).length]).toEqual([null, 1]);
  });

  it('looks an image up again that was replaced since', async () => {
    await act(await world.instance(), 'start');
    world.engine.image = 'sha256:two';
    const path = await world.instance();
    await act(path, 'start');
    expect(world.engine.of(path.id)[0]?.spec.image).toBe('sha256:two');
  });

  it('says when the manifest cannot be used', async () => {
    const path = await world.instance({ manifest: { resources: { cpus: 'many' as unknown as number } } });
    await expect(act(path, 'start')).rejects.toMatchObject({
      code: 'MANIFEST_NOT_FOUND',
      message: expect.stringContaining('resources.cpus'),
    });
    expect((await world.read(path)).lifecycle.retryAt).toBeNull();
  });

  it('says when the folders cannot be made', async () => {
    const { writeFile } = await import('node:fs/promises');
    await retryLater();
    await writeFile(`${world.folder}/artifacts`, 'in the way');
    const path = await world.instance();
    await expect(act(path, 'start')).rejects.toMatchObject({ code: 'WORKSPACE_UNAVAILABLE' });
    const { state, error, failures } = (await world.read(path)).lifecycle;
    expect([state, error?.recovery, failures]).toEqual(['failed', expect.stringMatching(/room/), 1]);
    expect(world.engine.containers.size).toBe(0);
  });

  it('puts right what somebody did behind its back', async () => {
    const path = await world.instance();
    await act(path, 'start');
    const first = world.engine.of(path.id)[0]!;
    first.state = 'paused';
    world.engine.tell('paused', first);
    await eventually(async () => {
      expect(first.state).toBe('running');
      return Promise.resolve();
    });
    first.isAltered = true;
    world.engine.tell('changed', first);
    await eventually(async () => {
      expect([first.isAltered, first.state]).toEqual([false, 'running']);
      return Promise.resolve();
    });
    world.engine.remove(first.id);
    await eventually(async () => {
      const [container] = world.engine.of(path.id);
      expect(container?.state).toBe('running');
      expect((await world.read(path)).lifecycle).toMatchObject({ state: 'running', containerId: container?.id });
    });
    await act(path, 'stop');
    const stopped = world.engine.of(path.id)[0]!;
    stopped.isAltered = true;
    await act(path, 'start');
    const anew = world.engine.of(path.id);
    expect([anew.length, anew[0]!.id === stopped.id]).toEqual([1, false]);
    await act(path, 'stop');
  });

  it('stops again what somebody started behind its back', async () => {
    const path = await world.instance();
    await act(path, 'start');
    await act(path, 'stop');
    const stopped = world.engine.of(path.id)[0]!;
    world.engine.start(stopped);
    await eventually(async () => {
      expect(stopped.state).toBe('exited');
      return Promise.resolve();
    });
  });

  it('configures an agent again whose container was restarted by hand', async () => {
    const path = await world.instance();
    await act(path, 'start');
    const container = world.engine.of(path.id)[0]!;
    // Both events come at once, so that only the new process can be seen.
    Object.assign(container, { pid: 77_777, configuration: null });
    world.engine.tell('started', container);
    await eventually(async () => {
      expect(container.configuration?.soul).toBe('Ada');
      expect((await world.read(path)).pid).toBe(77_777);
    });
  });

  it('waits when the outbox is full, and goes on when the log has caught up', async () => {
    const path = await world.instance();
    await world.update(path, { $set: { outbox: Array.from({ length: 99 }, (_, index) => ({ eventId: index })) } });
    const answer = await muster.service.act(path, 'start', ADMIN, 200);
    expect(answer.reached).toBe(false);
    expect(await act(path, 'stop').catch((error: unknown) => error)).toMatchObject({ code: 'OUTBOX_FULL' });
    await world.update(path, { $set: { outbox: [] } });
    await until(path, 'running');
  });
});
