import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemActor, type Actor } from '../../src/domain/events/actor.js';
import type { InstancePath } from '../../src/domain/lifecycle/lifecycle-records.js';
import type { LifecycleAction } from '../../src/domain/lifecycle/lifecycle-states.js';
import type { LifecycleHost } from '../support/lifecycle-host.js';
import { LifecycleWorld } from '../support/lifecycle-world.js';

const ADA = systemActor('ada');
const BOB = systemActor('bob');
const WAIT_MS = 20_000;

describe('why something was asked of an agent', () => {
  let world: LifecycleWorld;
  let muster: LifecycleHost;

  beforeEach(async () => {
    world = await LifecycleWorld.create();
    muster = world.host().start();
  });

  afterEach(async () => {
    await world.end();
  });

  const act = async (path: InstancePath, action: LifecycleAction, by: Actor, reason?: string) =>
    muster.service.act(path, action, by, WAIT_MS, undefined, reason);

  const requestsShown = async (path: InstancePath) =>
    (await world.read(path)).lifecycle.transitions.flatMap(({ to, request }) =>
      request === undefined ? [] : [[to, request.action, request.by.id, request.reason]],
    );

  it('stands with the first change that it led to, and in the event, and with nothing else', async () => {
    const path = await world.instance();
    await act(path, 'start', ADA, 'the team begins');
    await act(path, 'restart', BOB, '$it hangs');
    await act(path, 'stop', ADA);
    expect(await requestsShown(path)).toEqual([
      ['creating', 'start', 'ada', 'the team begins'],
      ['stopping', 'restart', 'bob', '$it hangs'],
      ['stopping', 'stop', 'ada', null],
    ]);
    const requested = (await world.outbox(path)).filter(({ type }) => type === 'lifecycle.requested');
    expect(requested.map(({ data }) => [data['action'], data['reason']])).toEqual([
      ['start', 'the team begins'],
      ['restart', '$it hangs'],
      ['stop', undefined],
    ]);
    const transitioned = (await world.outbox(path)).filter(({ type }) => type === 'lifecycle.transitioned');
    expect(JSON.stringify(transitioned)).not.toContain('hangs');
  });

  it('is not told of what changes by itself afterwards, nor twice', async () => {
    const path = await world.instance();
    await act(path, 'start', ADA, 'once');
    world.engine.exit(world.engine.of(path.id)[0]!.id, 1);
    for (;;) {
      const { transitions } = (await world.read(path)).lifecycle;
      if (transitions.filter(({ to }) => to === 'running').length === 2) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    // It runs already: nothing changes, and the log alone has it.
    await act(path, 'start', BOB, 'to be sure');
    expect(await requestsShown(path)).toEqual([['creating', 'start', 'ada', 'once']]);
    expect(JSON.stringify(await world.outbox(path))).toContain('to be sure');
  });

  it('goes with a change to what an older Muster has left, which knew of no requests', async () => {
    const path = await world.instance();
    await act(path, 'start', ADA, 'before');
    await world.update(path, { $unset: { 'lifecycle.request': 1, 'lifecycle.transitions.$[].request': 1 } });
    expect(await requestsShown(path)).toEqual([]);
    await act(path, 'destroy', BOB, 'no longer needed');
    expect(await requestsShown(path)).toEqual([['removing', 'destroy', 'bob', 'no longer needed']]);
  });
});
