import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemActor } from '../../src/domain/events/actor.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { LifecycleAction } from '../../src/domain/lifecycle/lifecycle-states.js';
import type { RuntimeFailure } from '../../src/domain/runtime/runtime-errors.js';
import type { EngineCall } from '../support/fake-engine.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADMIN = systemActor('test');
const WAIT_MS = 20_000;

describe('an engine that refuses', () => {
  let world: LifecycleWorld;
  let muster: LifecycleHost;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
    // What fails is not tried again within the test, unless somebody asks.
    muster = world.host({ policy: { baseMs: 600_000, longestMs: 600_000, limit: 5, stableMs: 60_000 } }).start();
  });

  afterEach(async () => {
    await world.end();
  });

  const act = async (path: InstancePath, action: LifecycleAction) => muster.service.act(path, action, ADMIN, WAIT_MS);

  it.each<readonly [EngineCall, RuntimeFailure, string, LifecycleAction, string, RegExp]>([
    ['create', 'create-failed', 'CONTAINER_CREATE_FAILED', 'start', 'running', /Check the image and the disk space/],
    ['start', 'start-failed', 'CONTAINER_START_FAILED', 'start', 'running', /correct the image's entrypoint/],
    ['stop', 'stop-failed', 'CONTAINER_STOP_FAILED', 'stop', 'stopped', /stop or destroy the agent again/],
    ['remove', 'remove-failed', 'CONTAINER_REMOVE_FAILED', 'destroy', 'removed', /tries until it is gone/],
  ])(
    'to %s: the agent is failed, with %s as %s, and the next %s goes through',
    async (call, failure, code, action, state, advice) => {
      const path = await world.instance();
      if (action !== 'start') await act(path, 'start');
      world.engine.failNext(call, 'before', failure);
      await expect(act(path, action)).rejects.toMatchObject({ code, message: expect.stringMatching(advice) });
      const { status, lifecycle } = await world.read(path);
      expect([status, lifecycle.state]).toEqual(['error', 'failed']);
      expect(lifecycle.error).toMatchObject({ code, recovery: expect.stringMatching(advice) });
      expect(lifecycle.transitions.at(-1)).toMatchObject({ to: 'failed', reason: code });
      expect((await act(path, action)).instance.lifecycle).toMatchObject({ state, error: null });
      expect(world.engine.of(path.id)).toHaveLength(action === 'destroy' ? 0 : 1);
    },
  );
});
